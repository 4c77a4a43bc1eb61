package bora.peers.flink;

import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Of Kafka's clients; README.md says why each. A system property overrides one. */
final class KafkaSettings {
  private static final Map<String, String> CONSUMER =
      Map.of(
          ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
          "10000",
          ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
          "4194304");
  private static final Map<String, String> PRODUCER =
      Map.of(
          ProducerConfig.LINGER_MS_CONFIG,
          "100",
          ProducerConfig.BATCH_SIZE_CONFIG,
          "262144",
          ProducerConfig.BUFFER_MEMORY_CONFIG,
          "67108864",
          ProducerConfig.COMPRESSION_TYPE_CONFIG,
          "lz4",
          // Of the sink's default, an hour, brokers with their defaults want no transactions.
          ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
          "600000");

  private KafkaSettings() {}

  static Properties consumer() {
    return properties("consumer.", CONSUMER);
  }

  static Properties producer() {
    return properties("producer.", PRODUCER);
  }

  /** All of them, to be printed. */
  static Map<String, String> all() {
    Map<String, String> all = new TreeMap<>();
    consumer().forEach((name, value) -> all.put("consumer." + name, (String) value));
    producer().forEach((name, value) -> all.put("producer." + name, (String) value));
    return all;
  }

  private static Properties properties(String prefix, Map<String, String> settings) {
    Properties properties = new Properties();
    settings.forEach(
        (name, value) ->
            properties.setProperty(name, System.getProperty(prefix + name, value)));
    return properties;
  }
}
