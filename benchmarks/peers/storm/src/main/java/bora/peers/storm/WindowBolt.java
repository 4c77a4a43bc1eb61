package bora.peers.storm;

import bora.peers.Counter;
import bora.peers.Input;
import bora.peers.Run;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * Tumbling windows of event time, which is in order here: the first tuple of the next window
 * closes the one before. As Storm's own windowed bolt does, it anchors a result to the tuples that
 * it is of and acks them after it; unlike that, it keeps sums instead of tuples when nothing is
 * acked, and waits for no timer.
 */
final class WindowBolt extends ReadingBolt {
  private final boolean acked;
  private transient Map<Integer, Open> devices;
  private transient List<Tuple> unacked;
  private transient Counter completed;
  private transient long window;

  WindowBolt(boolean acked) {
    this.acked = acked;
  }

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    super.prepare(conf, context, out);
    devices = new HashMap<>();
    unacked = new ArrayList<>();
    completed = acked ? new Counter() : Run.current().newCompleted();
  }

  @Override
  void take(Tuple in, Integer device, double value) {
    long of = in.getLong(2) / Input.WINDOW_MS;
    if (of != window) {
      close();
      window = of;
    }
    Open open = devices.computeIfAbsent(device, any -> new Open());
    open.sum += value;
    open.count += 1;
    open.due = in.getLong(3);
    if (acked) {
      open.anchors.add(in);
      unacked.add(in);
    }
    completed.add(1);
  }

  private void close() {
    Long newest = (window + 1) * Input.WINDOW_MS - 1;
    devices.forEach(
        (device, open) ->
            collector()
                .emit(open.anchors, new Values(device, open.sum / open.count, newest, open.due)));
    unacked.forEach(collector()::ack);
    devices.clear();
    unacked.clear();
  }

  private static final class Open {
    final List<Tuple> anchors = new ArrayList<>(2);
    double sum;
    long count;
    Long due; // of the newest tuple
  }
}
