package bora.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Looks at a run each second from its beginning, and at both ends of the measured part.
 *
 * <p>The measured part begins after the warm-up. Where it may wait, it begins later while the last
 * second was faster than the second before the one before it by over a tenth, up to twice the
 * warm-up.
 *
 * <p>Threads: {@link #begin} once, from any; the rest on the one that calls {@link #await}.
 */
public final class Watch {
  private static final long SECOND = 1_000_000_000L;
  private static final long LOOK_EVERY_NS = 1_000_000;
  private static final double STILL_FASTER = 1.1;

  private final long warmup; // nanoseconds
  private final BooleanSupplier mayWait;
  private final LongSupplier completed;
  private final List<Long> perSecond = new ArrayList<>();
  private long begun;
  private long last;
  private long measureAt;
  private Sample from;
  private Sample to;

  /**
   * @param warmup seconds
   * @param mayWait whether measuring may begin later, while the system still gets faster
   * @param completed source tuples so far
   */
  public Watch(double warmup, BooleanSupplier mayWait, LongSupplier completed) {
    this.warmup = (long) (warmup * SECOND);
    this.mayWait = mayWait;
    this.completed = completed;
  }

  /** What happens at {@code begun} or later counts. */
  public void begin(long begun) {
    this.begun = begun;
    measureAt = begun + warmup;
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
      if (over || now.time() >= begun + (perSecond.size() + 1) * SECOND) {
        endSecond(now);
      }
      if (from == null && now.time() >= measureAt) {
        if (isStillFaster() && measureAt < begun + 2 * warmup && mayWait.getAsBoolean()) {
          measureAt += SECOND;
        } else {
          from = now;
        }
      }
      to = now;
    }
    if (from == null) {
      from = to; // it was over before the warm-up: nothing was measured
    }
  }

  /** How long it warmed up: until the measured part began. */
  public double warmupSeconds() {
    return (from.time() - begun) * 1e-9;
  }

  /** Whether so many seconds were measured by now. */
  boolean hasMeasured(double seconds) {
    return from != null && System.nanoTime() - from.time() >= (long) (seconds * SECOND);
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
    return since >= (perSecond.size() + 1) * SECOND
        || (from == null && begun + since >= measureAt);
  }

  private boolean isStillFaster() {
    int seconds = perSecond.size();
    return seconds >= 3 && perSecond.get(seconds - 1) > STILL_FASTER * perSecond.get(seconds - 3);
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
