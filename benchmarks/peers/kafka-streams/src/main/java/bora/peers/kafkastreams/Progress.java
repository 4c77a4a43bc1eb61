package bora.peers.kafkastreams;

import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.streams.KafkaStreams;

/** How far the application's output is. */
final class Progress {
  private final KafkaStreams streams;
  private final Admin admin;
  private final String group;

  Progress(KafkaStreams streams, Admin admin, String group) {
    this.streams = streams;
    this.admin = admin;
    this.group = group;
  }

  /** Records that the broker has acknowledged. */
  double sent() {
    return streams.metrics().values().stream()
        .filter(metric -> metric.metricName().name().equals("record-send-total"))
        .filter(metric -> metric.metricName().group().equals("producer-metrics"))
        .mapToDouble(metric -> (Double) metric.metricValue())
        .sum();
  }

  /** Records of the input that are committed. */
  long committed() {
    try {
      Map<?, OffsetAndMetadata> offsets =
          admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
      return offsets.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
    } catch (ExecutionException e) {
      throw new IllegalStateException("committed offsets of " + group, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }
}
