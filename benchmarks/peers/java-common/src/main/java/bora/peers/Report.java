package bora.peers;

import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The line that the driver reads. */
public record Report(
    Contestant contestant,
    Options options,
    long sent,
    long received,
    long checksum,
    Watch watch,
    Histogram latency,
    Histogram lateness,
    long replays,
    Map<String, String> settings) {
  private static final double SATURATED_BELOW = 0.97;
  private static final Map<String, Double> PERCENTILES = new LinkedHashMap<>();

  static {
    PERCENTILES.put("p50", 50.0);
    PERCENTILES.put("p90", 90.0);
    PERCENTILES.put("p99", 99.0);
    PERCENTILES.put("p999", 99.9);
    PERCENTILES.put("max", 100.0);
  }

  /** Prints it and returns the exit code: 3 when outputs are missing or too many. */
  public int print() {
    long expected = Expected.outputs(options.graph(), sent, options.keys());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("system", contestant.name());
    json.put("version", contestant.version());
    json.put("graph", options.graph());
    json.put("guarantee", options.guarantee());
    json.put("variant", options.variant());
    json.put("rate", options.rate());
    json.put("keys", options.keys());
    json.put("tasks", options.tasks());
    json.put("sent", sent);
    json.put("received", received);
    json.put("expected", expected);
    json.put("checksum", String.format("%016x", checksum));
    json.put("warmup_seconds", watch.warmupSeconds());
    json.put("seconds", watch.seconds());
    json.put("throughput", watch.throughput());
    json.put("cpu_us_per_tuple", watch.cpuMicrosPerTuple());
    json.put("peak_rss_bytes", Sample.peakMemoryBytes());
    json.put("latency_us", percentiles(latency));
    json.put("source_late_us_p99", lateness == null ? 0.0 : micros(lateness, 99));
    json.put("per_second", watch.perSecond());
    json.put(
        "saturated",
        options.isOpenLoop() && watch.throughput() < SATURATED_BELOW * options.rate());
    json.put("replays", replays);
    json.put("settings", settings);
    System.out.println(Json.of(json));
    System.out.flush();
    return received == expected ? 0 : 3;
  }

  /** What every JVM of these runs with, for the settings. */
  public static Map<String, String> javaSettings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("java", System.getProperty("java.vm.version"));
    settings.put(
        "jvm",
        String.join(
            " ",
            ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-X"))
                .toList()));
    return settings;
  }

  private static Map<String, Object> percentiles(Histogram histogram) {
    if (histogram == null || histogram.getTotalCount() == 0) {
      return null;
    }
    Map<String, Object> result = new LinkedHashMap<>();
    PERCENTILES.forEach((name, percent) -> result.put(name, micros(histogram, percent)));
    return result;
  }

  private static double micros(Histogram histogram, double percentile) {
    return histogram.getValueAtPercentile(percentile) * 1e-3;
  }
}
