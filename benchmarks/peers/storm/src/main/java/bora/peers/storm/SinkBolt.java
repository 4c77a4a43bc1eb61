package bora.peers.storm;

import bora.peers.Counter;
import bora.peers.Input;
import bora.peers.Outputs;
import bora.peers.Run;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;

/** Takes readings, or words with their counts. */
final class SinkBolt extends BaseRichBolt {
  private final boolean words;
  private final boolean completes;
  private transient OutputCollector collector;
  private transient Outputs outputs;
  private transient Counter completed;
  private transient int ofSentence;

  /** {@code completes}: without acks, a source tuple ends with its last output. */
  SinkBolt(boolean words, boolean completes) {
    this.words = words;
    this.completes = completes;
  }

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
    collector = out;
    outputs = Run.current().newOutputs();
    completed = completes ? Run.current().newCompleted() : new Counter();
  }

  @Override
  public void execute(Tuple in) {
    if (words) {
      outputs.take(Input.wordNumber(in.getString(0)), in.getLong(1), in.getLong(2));
      if (++ofSentence == Input.WORDS) {
        ofSentence = 0;
        completed.add(1);
      }
    } else {
      outputs.take(in.getInteger(0), in.getDouble(1), in.getLong(3));
      completed.add(1);
    }
    collector.ack(in);
  }

  @Override
  public void declareOutputFields(OutputFieldsDeclarer declarer) {}
}
