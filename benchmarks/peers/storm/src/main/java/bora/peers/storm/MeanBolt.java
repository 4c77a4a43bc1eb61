package bora.peers.storm;

import java.util.HashMap;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Tuple;

/** The running mean of each device. */
final class MeanBolt extends ReadingBolt {
  private transient Map<Integer, State> devices;

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    super.prepare(conf, context, out);
    devices = new HashMap<>();
  }

  @Override
  void take(Tuple in, Integer device, double value) {
    State state = devices.computeIfAbsent(device, any -> new State());
    state.sum += value;
    state.count += 1;
    emit(in, device, state.sum / state.count);
    collector().ack(in);
  }

  private static final class State {
    double sum;
    long count;
  }
}
