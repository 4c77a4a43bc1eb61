package bora.peers.flink;

import bora.peers.Feed;
import bora.peers.Input;
import bora.peers.Run;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.RichSourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;

/**
 * Sends the run's tuples, several under one hold of the checkpoint lock. Its state is the number of
 * the next one.
 */
@SuppressWarnings("deprecation") // the source that has the least between it and the schedule
abstract class FeedSource<T> extends RichSourceFunction<T> implements CheckpointedFunction {
  private static final int TUPLES_PER_LOCK = 64;

  private transient volatile boolean running;
  private transient Feed feed;
  private transient ListState<Long> stored;
  private transient long next;

  @Override
  public void open(Configuration ignored) {
    running = true;
    feed = Run.current().feed();
  }

  @Override
  public void run(SourceContext<T> context) {
    while (running) {
      long got;
      synchronized (context.getCheckpointLock()) {
        got = sendSome(context);
      }
      if (got == Feed.END) {
        return;
      }
      if (got == Feed.NOT_YET) {
        feed.await();
      }
    }
  }

  @Override
  public void cancel() {
    running = false;
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    stored.update(List.of(next));
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    stored =
        context
            .getOperatorStateStore()
            .getListState(new ListStateDescriptor<>("next", Long.class));
  }

  abstract void send(SourceContext<T> context, long i, long due);

  /** Closes windows of event time, for a graph that has some. */
  static void closeWindow(SourceContext<?> context, long time) {
    if (time % Input.WINDOW_MS == 0) {
      context.emitWatermark(new Watermark(time - 1));
    }
  }

  private long sendSome(SourceContext<T> context) {
    long got = 0;
    for (int n = 0; n < TUPLES_PER_LOCK; ++n) {
      got = feed.poll();
      if (got < 0) {
        break;
      }
      next = got + 1;
      send(context, got, feed.due(got));
    }
    return got;
  }
}
