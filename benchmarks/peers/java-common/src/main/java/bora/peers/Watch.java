package bora.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Looks at a run each second from its beginning, and at both ends of the measured part.
 *
 * <p>Threads: {@link #begin} once, from any; the rest on the one that calls {@link #await}.
 */
public final class Watch {
  private static final long SECOND = 1_000_000_000L;
  private static final long LOOK_EVERY_NS = 1_000_000;

  private final long warmup; // nanoseconds
  private final LongSupplier completed;
  private final List<Long> perSecond = new ArrayList<>();
  private long begun;
  private long last;
  private Sample from;
  private Sample to;

  /** {@code warmup} in seconds; {@code completed}: source tuples so far. */
  public Watch(double warmup, LongSupplier completed) {
    this.warmup = (long) (warmup * SECOND);
    this.completed = completed;
  }

  /** What happens at {@code begun} or later counts. */
  public void begin(long begun) {
    this.begun = begun;
    if (warmup == 0) {
      from = look();
    }
  }

  /** Until it is over. */
  public void await(BooleanSupplier isOver) {
    boolean over = false;
    while (!over) {
      LockSupport.parkNanos(LOOK_EVERY_NS);
      over = isOver.getAsBoolean();
      Sample now = over || isDue() ? look() : null;
      if (now == null) {
        continue;
      }
      if (from == null && now.time() >= begun + warmup) {
        from = now;
      }
      if (over || now.time() >= begun + (perSecond.size() + 1) * SECOND) {
        endSecond(now);
      }
      to = now;
    }
    if (from == null) {
      from = to; // it was over before the warm-up: nothing was measured
    }
  }

  public double seconds() {
    return (to.time() - from.time()) * 1e-9;
  }

  public double throughput() {
    return seconds() > 0 ? (to.completed() - from.completed()) / seconds() : 0;
  }

  public double cpuMicrosPerTuple() {
    long tuples = to.completed() - from.completed();
    return tuples > 0 ? (to.cpu() - from.cpu()) * 1e-3 / tuples : 0;
  }

  public List<Long> perSecond() {
    return perSecond;
  }

  private boolean isDue() {
    long since = System.nanoTime() - begun;
    return since >= (perSecond.size() + 1) * SECOND || (from == null && since >= warmup);
  }

  private Sample look() {
    return Sample.now(completed.getAsLong());
  }

  private void endSecond(Sample now) {
    perSecond.add(now.completed() - last);
    System.err.printf(
        "second %d: %,d tuples%n", perSecond.size(), perSecond.get(perSecond.size() - 1));
    last = now.completed();
  }
}
