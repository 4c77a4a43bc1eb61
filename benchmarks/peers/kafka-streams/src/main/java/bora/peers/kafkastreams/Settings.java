package bora.peers.kafkastreams;

import bora.peers.Options;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The application's configuration; README.md says why each. A system property overrides one. */
final class Settings {
  private Settings() {}

  static Map<String, String> of(Options options) {
    boolean transactions = options.guarantee().equals("exactly-once");
    Map<String, String> settings = new TreeMap<>();
    settings.put(
        StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
        transactions ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, transactions ? "200" : "30000");
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.toString(options.tasks()));
    settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, "10000");
    consumer(settings, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "10000");
    consumer(settings, ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, "4194304");
    producer(settings, ProducerConfig.LINGER_MS_CONFIG, "100");
    producer(settings, ProducerConfig.BATCH_SIZE_CONFIG, "262144");
    producer(settings, ProducerConfig.BUFFER_MEMORY_CONFIG, "67108864");
    producer(settings, ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    settings.replaceAll((name, value) -> System.getProperty(name, value));
    return settings;
  }

  /** With what is of this run alone: names and places. */
  static Properties properties(Options options, Map<String, String> settings) {
    Properties properties = new Properties();
    properties.putAll(settings);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, options.topicOut());
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.bootstrap());
    properties.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("java.io.tmpdir"));
    return properties;
  }

  private static void consumer(Map<String, String> settings, String name, String value) {
    settings.put(StreamsConfig.consumerPrefix(name), value);
  }

  private static void producer(Map<String, String> settings, String name, String value) {
    settings.put(StreamsConfig.producerPrefix(name), value);
  }
}
