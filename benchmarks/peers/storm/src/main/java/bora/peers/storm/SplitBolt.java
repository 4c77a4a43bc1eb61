package bora.peers.storm;

import java.util.Map;
import java.util.StringTokenizer;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

final class SplitBolt extends BaseRichBolt {
  private transient OutputCollector collector;

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    collector = out;
  }

  @Override
  public void execute(Tuple in) {
    StringTokenizer words = new StringTokenizer(in.getString(0), " ");
    while (words.hasMoreTokens()) {
      collector.emit(in, new Values(words.nextToken(), in.getValue(1)));
    }
    collector.ack(in);
  }

  @Override
  public void declareOutputFields(OutputFieldsDeclarer declarer) {
    declarer.declare(new Fields("word", "due"));
  }
}
