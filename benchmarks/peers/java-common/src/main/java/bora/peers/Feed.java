package bora.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Which tuple the source sends next, and when it is due.
 *
 * <p>Open loop: bursts every 100 us (one tuple each, at rates below 10,000/s), by a schedule that
 * begins with the first call and never waits for the system. Closed loop: at once. Threads: one
 * source; {@link #stop} and the getters are for any.
 */
public final class Feed {
  public static final long NOT_YET = -1;
  public static final long END = -2;

  private static final long SECOND = 1_000_000_000L;
  private static final long BURSTS_PER_SECOND = 10_000;
  private static final int TUPLES_PER_CLOCK_READ = 16;

  private final Options options;
  private final long burst;
  private final long limit;
  private final long warmup;
  private final long measured;
  private final Histogram lateness = new Histogram(3);
  private volatile long begun;
  private volatile boolean stopped;
  private volatile long sent = -1;
  private long next;
  private long now;
  private int sinceClock;

  Feed(Options options) {
    this.options = options;
    warmup = (long) (options.warmup() * SECOND);
    measured = (long) (options.seconds() * SECOND);
    burst = Math.max(1, options.rate() / BURSTS_PER_SECOND);
    if (options.tuples() > 0) {
      limit = options.tuples();
    } else if (options.isOpenLoop()) {
      limit = Math.round(options.rate() * (options.warmup() + options.seconds()));
    } else {
      limit = Long.MAX_VALUE;
    }
  }

  /** The number of the tuple to send now, or NOT_YET, or END (then for ever). */
  public long poll() {
    if (begun == 0) {
      begin();
    }
    if (next == limit || stopped) {
      sent = next;
      return END;
    }
    if (options.isOpenLoop()) {
      long due = due(next);
      if (due > now || ++sinceClock == TUPLES_PER_CLOCK_READ) {
        sinceClock = 0;
        now = System.nanoTime();
        if (due > now) {
          return NOT_YET;
        }
      }
      if (isMeasured(due)) {
        lateness.recordValue(now - due);
      }
    }
    return next++;
  }

  /** Sleeps until the next tuple is due, for sources that may block. */
  public void await() {
    long wait = due(next) - System.nanoTime();
    if (wait > 0) {
      LockSupport.parkNanos(wait);
    }
  }

  /** In the time of {@link System#nanoTime}; 0 in closed loop, where nothing is due. */
  public long due(long i) {
    return options.isOpenLoop() ? begun + i / burst * burst * SECOND / options.rate() : 0;
  }

  /** Whether what was due then belongs to the measured part. */
  public boolean isMeasured(long due) {
    long since = due - begun - warmup;
    return options.tuples() > 0 || since >= 0 && since < measured;
  }

  /** Event time of the newest tuple, once the source ended; before, there is no end. */
  public long lastEventTime() {
    long count = sent;
    return count < 0 ? Long.MAX_VALUE : count - 1;
  }

  void stop() {
    stopped = true;
  }

  /** 0 until the source began. */
  long begun() {
    return begun;
  }

  /** -1 until the source ended. */
  long sent() {
    return sent;
  }

  Histogram lateness() {
    return lateness;
  }

  private void begin() {
    if (options.isOpenLoop()) {
      sleepExactly();
    }
    now = System.nanoTime();
    begun = now;
  }

  /** Takes the 50 us from this thread's sleeps that Linux adds to each, as Bora's sources do. */
  private static void sleepExactly() {
    try {
      Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
      Files.writeString(Path.of("/proc").resolve(thread).resolve("timerslack_ns"), "1");
    } catch (IOException e) {
      System.err.println("the source sleeps 50 us longer than it should: " + e);
    }
  }
}
