package bora.peers.storm;

import bora.peers.Contestant;
import bora.peers.Options;
import bora.peers.Program;
import bora.peers.Report;
import bora.peers.Run;
import bora.peers.UsageException;
import bora.peers.kafka.TopicRun;
import java.util.List;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.DaemonConfig;
import org.apache.storm.LocalCluster;

/** Storm as a contestant: one worker in this process. */
public final class Main {
  private static final Contestant STORM =
      new Contestant(
          "storm",
          "2.8.3",
          List.of("chain", "wordcount", "fan", "spike", "window", "kafka"),
          List.of("none", "at-least-once"),
          List.of("default"));
  private static final String NAME = "peer";

  private Main() {}

  public static void main(String[] arguments) {
    Program.main(STORM, arguments, Main::run);
  }

  private static int run(Options options) throws Exception {
    return options.graph().equals("kafka") ? runKafka(options) : runGraph(options);
  }

  private static int runGraph(Options options) throws Exception {
    Run run = Run.begin(STORM, options);
    Config config = Settings.of(options);
    LocalCluster cluster = cluster();
    cluster.submitTopology(NAME, config, Graphs.topology(options));
    run.await(() -> true);
    Map<String, String> settings = Report.javaSettings();
    config.forEach((name, value) -> settings.put(name, String.valueOf(value)));
    return run.report(settings);
  }

  private static int runKafka(Options options) throws Exception {
    if (!Graphs.isAcked(options)) {
      throw new UsageException("not supported: a topic without acks");
    }
    TopicRun run = TopicRun.begin(STORM, options);
    Config config = Settings.of(options);
    LocalCluster cluster = cluster();
    cluster.submitTopology(NAME, config, KafkaGraph.topology(options));
    // What is acked, the broker has: the bolt acks a tuple when its producer calls back.
    run.await(run::completed, () -> true, () -> true);
    Map<String, String> settings = KafkaSettings.all();
    config.forEach((name, value) -> settings.put(name, String.valueOf(value)));
    return run.report(settings);
  }

  /** That looks each second, instead of each ten, whether a topology has begun. */
  private static LocalCluster cluster() throws Exception {
    return new LocalCluster.Builder()
        .withDaemonConf(
            Map.of(
                Config.TASK_REFRESH_POLL_SECS,
                1,
                DaemonConfig.NIMBUS_MONITOR_FREQ_SECS,
                1,
                DaemonConfig.SUPERVISOR_MONITOR_FREQUENCY_SECS,
                1))
        .build();
  }
}
