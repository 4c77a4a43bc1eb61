package bora.peers.storm;

import bora.peers.Counter;
import bora.peers.kafka.TopicRun;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.storm.kafka.spout.KafkaSpoutMessageId;
import org.apache.storm.kafka.spout.KafkaTupleListener;
import org.apache.storm.task.TopologyContext;

/** Counts what the Kafka spout is told. */
final class AckListener implements KafkaTupleListener {
  private transient Counter acked;
  private transient Counter replays;

  @Override
  public void open(Map<String, Object> conf, TopologyContext context) {
    acked = TopicRun.current().newCompleted();
    replays = TopicRun.current().replays();
  }

  @Override
  public void onEmit(List<Object> tuple, KafkaSpoutMessageId id) {}

  @Override
  public void onAck(KafkaSpoutMessageId id) {
    acked.add(1);
  }

  @Override
  public void onPartitionsReassigned(Collection<TopicPartition> partitions) {}

  @Override
  public void onRetry(KafkaSpoutMessageId id) {
    replays.add(1);
  }

  @Override
  public void onMaxRetryReached(KafkaSpoutMessageId id) {}
}
