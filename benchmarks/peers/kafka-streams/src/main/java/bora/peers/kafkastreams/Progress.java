package bora.peers.kafkastreams;

import bora.peers.Expected;
import bora.peers.Options;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.streams.KafkaStreams;

/** How far the application is: records processed, and at the end, whether they are also out. */
final class Progress {
  private static final long GIVE_UP_AFTER_NS = 60_000_000_000L;

  private final Options options;
  private final KafkaStreams streams;
  private final Admin admin;
  private final String group;
  private final LongAdder processed;
  private final long expected;
  private long seen;
  private long seenAt = System.nanoTime();

  Progress(
      Options options, KafkaStreams streams, Admin admin, String group, LongAdder processed) {
    this.options = options;
    this.streams = streams;
    this.admin = admin;
    this.group = group;
    this.processed = processed;
    expected = Expected.outputs(options.graph(), options.records(), options.keys());
  }

  /** All is processed, and sent or, in transactions, committed; or nothing moves any more. */
  boolean isOver() {
    long now = processed.sum();
    if (now != seen) {
      seen = now;
      seenAt = System.nanoTime();
    }
    if (System.nanoTime() - seenAt > GIVE_UP_AFTER_NS) {
      return true;
    }
    boolean transactions = options.guarantee().equals("exactly-once");
    return now >= options.records()
        && (transactions ? committed() >= options.records() : sent() >= expected);
  }

  private double sent() {
    return streams.metrics().values().stream()
        .filter(metric -> metric.metricName().name().equals("record-send-total"))
        .filter(metric -> metric.metricName().group().equals("producer-metrics"))
        .mapToDouble(metric -> (Double) metric.metricValue())
        .sum();
  }

  private long committed() {
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
