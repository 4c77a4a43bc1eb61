package bora.peers;

/** How many outputs so many tuples must give; computed apart from any pipeline. */
public final class Expected {
  private Expected() {}

  public static long outputs(String graph, long sent, int keys) {
    return switch (graph) {
      case "chain", "fan" -> sent;
      case "wordcount" -> sent * Input.WORDS;
      case "spike" -> outliers(sent, keys);
      case "window" -> windowResults(sent, keys);
      case "kafka" -> kept(sent, keys);
      default -> throw new IllegalArgumentException(graph);
    };
  }

  /** Windows that end before or with the newest tuple's event time: it alone can close them. */
  public static long closedWindows(long sent) {
    return sent == 0 ? 0 : (sent - 1) / Input.WINDOW_MS;
  }

  private static long outliers(long sent, int keys) {
    MovingMean[] means = new MovingMean[keys];
    long found = 0;
    for (long i = 0; i < sent; ++i) {
      int device = Input.device(i, keys);
      if (means[device] == null) {
        means[device] = new MovingMean();
      }
      double value = Input.celsius(i);
      if (MovingMean.isOutlier(value, means[device].add(value))) {
        ++found;
      }
    }
    return found;
  }

  private static long windowResults(long sent, int keys) {
    long[] lastWindow = new long[keys]; // one more than its number; 0: none
    long results = 0;
    for (long i = 0; i < closedWindows(sent) * Input.WINDOW_MS; ++i) {
      int device = Input.device(i, keys);
      long window = i / Input.WINDOW_MS + 1;
      if (lastWindow[device] != window) {
        lastWindow[device] = window;
        ++results;
      }
    }
    return results;
  }

  private static long kept(long sent, int keys) {
    long results = 0;
    for (long i = 0; i < sent; ++i) {
      if (Input.device(i, keys) % 10 != 0) {
        ++results;
      }
    }
    return results;
  }
}
