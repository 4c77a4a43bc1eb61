package bora.peers;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The options that all contestants share (benchmarks/peers/README.md).
 *
 * @param rate tuples a second; 0: closed loop
 * @param tuples exactly so many, then it ends; 0: by {@code warmup} and {@code seconds}
 * @param tasks parallelism of the keyed operator
 */
public record Options(
    String graph,
    String guarantee,
    String variant,
    long rate,
    double warmup,
    double seconds,
    long tuples,
    int keys,
    int tasks,
    String bootstrap,
    String topicIn,
    String topicOut,
    long records) {
  private static final double MOST_SECONDS = 3600;

  /**
   * Reads {@code --name value} pairs; what is not given is the first that the contestant has.
   * Throws {@link UsageException}.
   */
  public static Options parse(Contestant contestant, String[] arguments) {
    Map<String, String> given = new HashMap<>();
    for (int at = 0; at < arguments.length; at += 2) {
      if (!arguments[at].startsWith("--") || at + 1 == arguments.length) {
        throw new UsageException("option without a name or a value: " + arguments[at]);
      }
      given.put(arguments[at].substring(2), arguments[at + 1]);
    }
    if (given.containsKey("tuples")) {
      given.put("warmup", "0");
    }
    Options options =
        new Options(
            one("graph", take(given, "graph", contestant.graphs().get(0)), contestant.graphs()),
            one(
                "guarantee",
                take(given, "guarantee", contestant.guarantees().get(0)),
                contestant.guarantees()),
            one(
                "variant",
                take(given, "variant", contestant.variants().get(0)),
                contestant.variants()),
            number(given, "rate", 0, 0),
            seconds(given, "warmup", 5, 0),
            seconds(given, "seconds", 5, 0.1),
            number(given, "tuples", 0, 0),
            (int) number(given, "keys", 1024, 1),
            (int) number(given, "tasks", 1, 1),
            take(given, "bootstrap", ""),
            take(given, "topic-in", ""),
            take(given, "topic-out", ""),
            number(given, "records", 0, 0));
    if (!given.isEmpty()) {
      throw new UsageException("no such option: --" + given.keySet().iterator().next());
    }
    if (options.guarantee.equals("exactly-once") && !options.graph.equals("kafka")) {
      throw new UsageException("exactly-once is for --graph kafka alone");
    }
    return options;
  }

  public boolean isOpenLoop() {
    return rate > 0;
  }

  private static String take(Map<String, String> given, String name, String fallback) {
    String value = given.remove(name);
    return value == null ? fallback : value;
  }

  private static String one(String option, String value, List<String> known) {
    if (!known.contains(value)) {
      throw new UsageException(
          "not supported: --" + option + " " + value + "; it has " + String.join(", ", known));
    }
    return value;
  }

  private static double seconds(
      Map<String, String> given, String name, double fallback, double least) {
    String text = take(given, name, Double.toString(fallback));
    try {
      double value = Double.parseDouble(text);
      if (value >= least && value <= MOST_SECONDS) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UsageException("--" + name + " takes seconds from " + least + ": " + text);
  }

  private static long number(Map<String, String> given, String name, long fallback, long least) {
    String text = take(given, name, Long.toString(fallback));
    try {
      long value = Long.parseLong(text);
      if (value >= least) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UsageException("--" + name + " takes a whole number from " + least + ": " + text);
  }
}
