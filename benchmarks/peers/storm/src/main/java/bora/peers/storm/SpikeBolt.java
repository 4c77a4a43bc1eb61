package bora.peers.storm;

import bora.peers.Counter;
import bora.peers.MovingMean;
import bora.peers.Run;
import java.util.HashMap;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Tuple;

/** Passes on what stands out of the last values of its device. */
final class SpikeBolt extends ReadingBolt {
  private final boolean completes;
  private transient Map<Integer, MovingMean> devices;
  private transient Counter completed;

  /** {@code completes}: without acks a tuple ends here, as few reach the sink. */
  SpikeBolt(boolean completes) {
    this.completes = completes;
  }

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    super.prepare(conf, context, out);
    devices = new HashMap<>();
    completed = completes ? Run.current().newCompleted() : new Counter();
  }

  @Override
  void take(Tuple in, Integer device, double value) {
    double mean = devices.computeIfAbsent(device, any -> new MovingMean()).add(value);
    if (MovingMean.isOutlier(value, mean)) {
      emit(in, device, mean);
    }
    collector().ack(in);
    completed.add(1);
  }
}
