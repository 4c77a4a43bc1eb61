package bora.peers.storm;

import bora.peers.Counter;
import bora.peers.Feed;
import bora.peers.Input;
import bora.peers.Run;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/** Sends the run's tuples; with acking, a failed one again. The message id is the number. */
final class FeedSpout extends BaseRichSpout {
  private final boolean sentences;
  private final boolean acked;
  private transient SpoutOutputCollector collector;
  private transient Run run;
  private transient Feed feed;
  private transient Counter completed;
  private transient Queue<Long> failed;

  FeedSpout(boolean sentences, boolean acked) {
    this.sentences = sentences;
    this.acked = acked;
  }

  @Override
  public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector out) {
    collector = out;
    run = Run.current();
    feed = run.feed();
    completed = acked ? run.newCompleted() : null;
    failed = new ArrayDeque<>();
  }

  @Override
  public void nextTuple() {
    Long again = failed.poll();
    if (again != null) {
      run.replays().add(1);
      send(again);
      return;
    }
    long i = feed.poll();
    if (i >= 0) {
      send(i);
    }
  }

  @Override
  public void ack(Object id) {
    completed.add(1);
  }

  @Override
  public void fail(Object id) {
    failed.add((Long) id);
  }

  @Override
  public void declareOutputFields(OutputFieldsDeclarer declarer) {
    declarer.declare(
        sentences ? new Fields("sentence", "due") : new Fields("device", "value", "time", "due"));
  }

  private void send(long i) {
    Values values =
        sentences
            ? new Values(Input.sentence(i), feed.due(i))
            : new Values(
                Input.device(i, run.options().keys()), Input.celsius(i), i, feed.due(i));
    if (acked) {
      collector.emit(values, i);
    } else {
      collector.emit(values);
    }
  }
}
