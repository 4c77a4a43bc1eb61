package bora.peers;

/** What tuple {@code i} holds: the same for every contestant. Its event time is {@code i} ms. */
public final class Input {
  public static final int WORDS = 5;
  public static final long WINDOW_MS = 1000;

  private static final int DISTINCT_WORDS = 1000;
  private static final String[] TEXT = new String[DISTINCT_WORDS];

  static {
    for (int word = 0; word < DISTINCT_WORDS; ++word) {
      TEXT[word] = "w" + word;
    }
  }

  private Input() {}

  public static int device(long i, int keys) {
    return (int) (scatter(i) % keys);
  }

  public static double celsius(long i) {
    return 20.0 + (i % 1000) * 0.01;
  }

  public static double fahrenheit(double celsius) {
    return celsius * 1.8 + 32.0;
  }

  public static String sentence(long i) {
    StringBuilder text = new StringBuilder(WORDS * 5);
    for (int j = 0; j < WORDS; ++j) {
      if (j > 0) {
        text.append(' ');
      }
      text.append(TEXT[wordNumber(i, j)]);
    }
    return text.toString();
  }

  /** The number of "w123", for the checksum. */
  public static int wordNumber(String word) {
    return Integer.parseInt(word, 1, word.length(), 10);
  }

  private static int wordNumber(long i, int j) {
    return (int) (scatter(i * WORDS + j) % DISTINCT_WORDS);
  }

  private static long scatter(long n) {
    return (n * 2654435761L) & 0xffffffffL;
  }
}
