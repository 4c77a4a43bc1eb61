package bora.peers;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/**
 * One run in this process: what its sources send, what its sinks took, and when.
 *
 * <p>The systems serialize their operators, which therefore find the run by {@link #current}.
 * Threads: all of it is safe; a {@link Feed}, {@link Outputs} or {@link Counter} has one user each.
 */
public final class Run {
  private static final long SECOND = 1_000_000_000L;
  private static final long BEGIN_SECONDS = 120;
  private static final long DRAIN_SECONDS = 60;
  private static volatile Run current;

  private final Contestant contestant;
  private final Options options;
  private final Feed feed;
  private final Watch watch;
  private final List<Counter> completed = new CopyOnWriteArrayList<>();
  private final List<Outputs> outputs = new CopyOnWriteArrayList<>();
  private final Counter replays = new Counter();
  private long expectedOf = -1; // these two are of the thread that waits
  private long expectedOutputs;

  private Run(Contestant contestant, Options options) {
    this.contestant = contestant;
    this.options = options;
    feed = new Feed(options);
    boolean isFixed = options.isOpenLoop() || options.tuples() > 0;
    watch = new Watch(options.warmup(), () -> !isFixed, this::completed);
  }

  public static Run begin(Contestant contestant, Options options) {
    current = new Run(contestant, options);
    return current;
  }

  public static Run current() {
    return current;
  }

  public Options options() {
    return options;
  }

  public Feed feed() {
    return feed;
  }

  /** For one task that completes source tuples. */
  public Counter newCompleted() {
    Counter counter = new Counter();
    completed.add(counter);
    return counter;
  }

  /** For one task of the sink. */
  public Outputs newOutputs() {
    Outputs added = new Outputs(feed, options.isOpenLoop());
    outputs.add(added);
    return added;
  }

  /** Of source tuples that had failed; the source's. */
  public Counter replays() {
    return replays;
  }

  /**
   * Waits for the end of sending and until all that is expected came out, a minute at most.
   *
   * @param isAlive false ends the wait: the system has failed
   */
  public void await(BooleanSupplier isAlive) {
    awaitBegin(isAlive);
    watch.begin(feed.begun());
    if (options.tuples() > 0) {
      watch.await(() -> !isAlive.getAsBoolean() || feed.sent() >= 0 && isDrained());
    } else {
      watch.await(() -> !isAlive.getAsBoolean() || watch.hasMeasured(options.seconds()));
    }
    feed.stop();
    long until = System.nanoTime() + DRAIN_SECONDS * SECOND;
    while (System.nanoTime() < until && isAlive.getAsBoolean() && feed.sent() < 0) {
      LockSupport.parkNanos(1_000_000);
    }
    while (System.nanoTime() < until && isAlive.getAsBoolean() && !isDrained()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Prints the result; returns the exit code. Call when all tasks are at rest. */
  public int report(Map<String, String> settings) {
    Histogram latency = new Histogram(3);
    long checksum = 0;
    for (Outputs of : outputs) {
      latency.add(of.latency());
      checksum += of.checksum();
    }
    Report report =
        new Report(
            contestant,
            options,
            Math.max(0, feed.sent()),
            received(),
            checksum,
            watch,
            options.isOpenLoop() ? latency : null,
            options.isOpenLoop() ? feed.lateness() : null,
            replays.get(),
            settings);
    return report.print();
  }

  private void awaitBegin(BooleanSupplier isAlive) {
    long until = System.nanoTime() + BEGIN_SECONDS * SECOND;
    while (feed.begun() == 0 && isAlive.getAsBoolean()) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("the source did not begin in " + BEGIN_SECONDS + " s");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  private boolean isDrained() {
    return received() >= expected();
  }

  private long expected() {
    if (expectedOf != feed.sent()) {
      expectedOf = feed.sent();
      expectedOutputs = Expected.outputs(options.graph(), expectedOf, options.keys());
    }
    return expectedOutputs;
  }

  private long received() {
    return outputs.stream().mapToLong(Outputs::received).sum();
  }

  private long completed() {
    return completed.stream().mapToLong(Counter::get).sum();
  }
}
