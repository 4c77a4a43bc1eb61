package bora.peers;

import org.HdrHistogram.Histogram;

/** What one sink took: count, checksum, latency. Threads: one sink; read when it is at rest. */
public final class Outputs {
  private final Feed feed;
  private final boolean timed;
  private final Counter received = new Counter();
  private final Counter checksum = new Counter();
  private final Histogram latency = new Histogram(3);

  Outputs(Feed feed, boolean timed) {
    this.feed = feed;
    this.timed = timed;
  }

  public void take(long key, double value, long due) {
    take(key, Double.doubleToRawLongBits(value), due);
  }

  public void take(long key, long value, long due) {
    if (timed && feed.isMeasured(due)) {
      latency.recordValue(Math.max(0, System.nanoTime() - due));
    }
    checksum.add(key + value);
    received.add(1);
  }

  long received() {
    return received.get();
  }

  long checksum() {
    return checksum.get();
  }

  Histogram latency() {
    return latency;
  }
}
