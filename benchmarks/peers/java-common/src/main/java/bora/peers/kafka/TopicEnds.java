package bora.peers.kafka;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/** How much the broker has of a topic that only one run writes to. */
public final class TopicEnds implements AutoCloseable {
  private final Admin admin;
  private final Map<TopicPartition, OffsetSpec> latest;

  public TopicEnds(String bootstrap, String topic) {
    admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    int partitions =
        get(admin.describeTopics(List.of(topic)).allTopicNames())
            .get(topic)
            .partitions()
            .size();
    latest =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .collect(Collectors.toMap(partition -> partition, any -> OffsetSpec.latest()));
  }

  /** Offsets that are written; without transactions, records. */
  public long written() {
    return sum(IsolationLevel.READ_UNCOMMITTED);
  }

  /** Whether no transaction that wrote is open. */
  public boolean isAllCommitted() {
    return sum(IsolationLevel.READ_COMMITTED) == written();
  }

  @Override
  public void close() {
    admin.close();
  }

  private long sum(IsolationLevel level) {
    return get(admin.listOffsets(latest, new ListOffsetsOptions(level)).all()).values().stream()
        .mapToLong(end -> end.offset())
        .sum();
  }

  private static <T> T get(KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the broker does not say how long a topic is", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
