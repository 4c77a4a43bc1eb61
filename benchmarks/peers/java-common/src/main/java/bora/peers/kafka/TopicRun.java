package bora.peers.kafka;

import bora.peers.Contestant;
import bora.peers.Counter;
import bora.peers.Options;
import bora.peers.Report;
import bora.peers.UsageException;
import bora.peers.Watch;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * One run of the graph {@code kafka} in this process: the records of a topic are worked off into
 * another, from the first that is taken until the last is out; then the output is read back.
 *
 * <p>The systems serialize their operators, which therefore find the run by {@link #current}.
 * Threads: all of it is safe; a {@link Counter} has one user.
 */
public final class TopicRun {
  private static final long GIVE_UP_AFTER_NS = 60_000_000_000L;
  private static final double WARM_BY = 0.6; // of the records: the others are measured
  private static volatile TopicRun current;

  private final Contestant contestant;
  private final Options options;
  private final List<Counter> completed = new CopyOnWriteArrayList<>();
  private final Counter replays = new Counter();
  private Watch watch; // of the thread that waits
  private long seen;
  private long seenAt;

  private TopicRun(Contestant contestant, Options options) {
    this.contestant = contestant;
    this.options = options;
  }

  /** Throws {@link UsageException} for what the graph cannot do. */
  public static TopicRun begin(Contestant contestant, Options options) {
    if (options.bootstrap().isEmpty()
        || options.topicIn().isEmpty()
        || options.topicOut().isEmpty()
        || options.records() == 0) {
      throw new UsageException("it needs --bootstrap, --topic-in, --topic-out and --records");
    }
    if (options.isOpenLoop() || options.tuples() > 0) {
      throw new UsageException("not supported: it works off --records in a closed loop only");
    }
    current = new TopicRun(contestant, options);
    return current;
  }

  public static TopicRun current() {
    return current;
  }

  public boolean isTransactional() {
    return options.guarantee().equals("exactly-once");
  }

  /** For one task that completes records of the input. */
  public Counter newCompleted() {
    Counter counter = new Counter();
    completed.add(counter);
    return counter;
  }

  /** Of records that had failed; one task's. */
  public Counter replays() {
    return replays;
  }

  public long completed() {
    return completed.stream().mapToLong(Counter::get).sum();
  }

  /**
   * Waits until all records are completed and {@code isOut} says the same of the output, or until
   * nothing was completed for a minute.
   *
   * @param taken records that were taken so far; the first begins the run
   * @param isAlive false ends the wait: the system has failed
   */
  public void await(LongSupplier taken, BooleanSupplier isOut, BooleanSupplier isAlive) {
    seenAt = System.nanoTime();
    while (taken.getAsLong() == 0 && isAlive.getAsBoolean()) {
      if (isStuck()) {
        throw new IllegalStateException("no record was processed in the first minute");
      }
      LockSupport.parkNanos(1_000_000);
    }
    long enough = (long) (WARM_BY * options.records());
    watch = new Watch(options.warmup(), () -> completed() < enough, this::completed);
    watch.begin(System.nanoTime());
    watch.await(
        () ->
            !isAlive.getAsBoolean()
                || isStuck()
                || completed() >= options.records() && isOut.getAsBoolean());
    if (watch.seconds() == 0) {
      System.err.println("nothing was measured: the records lasted no longer than the warm-up");
    }
  }

  /** Reads the output back and prints the result; returns the exit code. */
  public int report(Map<String, String> settings) {
    ReadBack output = ReadBack.of(options.bootstrap(), options.topicOut());
    Map<String, String> all = Report.javaSettings();
    all.putAll(settings);
    return new Report(
            contestant,
            options,
            completed(),
            output.count(),
            output.checksum(),
            watch,
            null,
            null,
            replays.get(),
            all)
        .print();
  }

  private boolean isStuck() {
    long now = completed();
    if (now != seen) {
      seen = now;
      seenAt = System.nanoTime();
    }
    return System.nanoTime() - seenAt > GIVE_UP_AFTER_NS;
  }
}
