package bora.peers;

/** Mean of the last 64 values of one device, the newest among them. Single-owner. */
public final class MovingMean {
  private static final int LENGTH = 64;
  private static final double OUTLIER = 1.2;

  private final double[] values = new double[LENGTH];
  private int count;
  private int oldest;
  private double sum;

  public double add(double value) {
    if (count == LENGTH) {
      sum -= values[oldest];
      values[oldest] = value;
      oldest = (oldest + 1) % LENGTH;
    } else {
      values[count++] = value;
    }
    sum += value;
    return sum / count;
  }

  public static boolean isOutlier(double value, double mean) {
    return value > mean * OUTLIER;
  }
}
