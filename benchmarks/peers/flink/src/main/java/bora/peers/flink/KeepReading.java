package bora.peers.flink;

import bora.peers.Counter;
import bora.peers.kafka.Reading;
import bora.peers.kafka.TopicRun;
import java.util.ArrayDeque;
import java.util.Queue;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFilterFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;

/**
 * Drops every tenth device. It counts records, too: with transactions when a checkpoint has covered
 * them, else at once.
 */
final class KeepReading extends RichFilterFunction<Reading>
    implements CheckpointedFunction, CheckpointListener {
  private record Covered(long checkpoint, long records) {}

  private transient boolean transactional;
  private transient Counter taken;
  private transient Counter completed;
  private transient Queue<Covered> open;

  @Override
  public void open(OpenContext ignored) {
    TopicRun run = TopicRun.current();
    transactional = run.isTransactional();
    completed = run.newCompleted();
    taken = transactional ? new Counter() : completed;
  }

  @Override
  public boolean filter(Reading reading) {
    taken.add(1);
    return reading.isKept();
  }

  @Override
  public void initializeState(FunctionInitializationContext ignored) {
    open = new ArrayDeque<>();
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) {
    open.add(new Covered(context.getCheckpointId(), taken.get()));
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) {
    while (!open.isEmpty() && open.peek().checkpoint() <= checkpoint) {
      long records = open.poll().records();
      if (transactional) {
        completed.add(records - completed.get());
      }
    }
  }
}
