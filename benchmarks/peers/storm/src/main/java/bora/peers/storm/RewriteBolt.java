package bora.peers.storm;

import bora.peers.Input;
import bora.peers.kafka.Reading;
import bora.peers.kafka.ReadingJson;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** Parses a message, drops every tenth device, writes the others anew with the device as key. */
final class RewriteBolt extends BaseRichBolt {
  static final String KEY = "key";
  static final String MESSAGE = "message";

  private transient OutputCollector collector;

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    collector = out;
  }

  @Override
  public void execute(Tuple in) {
    Reading reading = ReadingJson.CELSIUS.read(in.getBinary(0));
    if (reading.isKept()) {
      Reading rewritten =
          new Reading(reading.device(), Input.fahrenheit(reading.value()), reading.time());
      collector.emit(
          in,
          new Values(Long.toString(reading.device()), ReadingJson.FAHRENHEIT.write(rewritten)));
    }
    collector.ack(in);
  }

  @Override
  public void declareOutputFields(OutputFieldsDeclarer declarer) {
    declarer.declare(new Fields(KEY, MESSAGE));
  }
}
