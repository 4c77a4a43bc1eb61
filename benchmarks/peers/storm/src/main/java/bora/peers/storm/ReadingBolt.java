package bora.peers.storm;

import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** A bolt of readings, which are (device, value, time, due) on every stream. */
abstract class ReadingBolt extends BaseRichBolt {
  private transient OutputCollector collector;

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    collector = out;
  }

  @Override
  public final void execute(Tuple in) {
    take(in, in.getInteger(0), in.getDouble(1));
  }

  @Override
  public final void declareOutputFields(OutputFieldsDeclarer declarer) {
    declarer.declare(new Fields("device", "value", "time", "due"));
  }

  abstract void take(Tuple in, Integer device, double value);

  /** Anchored to {@code in}, whose time and due time it keeps. */
  final void emit(Tuple in, Integer device, double value) {
    collector.emit(in, new Values(device, value, in.getValue(2), in.getValue(3)));
  }

  final OutputCollector collector() {
    return collector;
  }
}
