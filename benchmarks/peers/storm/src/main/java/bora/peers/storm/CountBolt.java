package bora.peers.storm;

import java.util.HashMap;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

final class CountBolt extends BaseRichBolt {
  private transient OutputCollector collector;
  private transient Map<String, Long> counts;

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    collector = out;
    counts = new HashMap<>();
  }

  @Override
  public void execute(Tuple in) {
    String word = in.getString(0);
    Long count = counts.merge(word, 1L, Long::sum);
    collector.emit(in, new Values(word, count, in.getValue(1)));
    collector.ack(in);
  }

  @Override
  public void declareOutputFields(OutputFieldsDeclarer declarer) {
    declarer.declare(new Fields("word", "count", "due"));
  }
}
