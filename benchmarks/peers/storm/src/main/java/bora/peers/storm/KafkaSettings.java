package bora.peers.storm;

import bora.peers.Options;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

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
          "5",
          ProducerConfig.BATCH_SIZE_CONFIG,
          "262144",
          ProducerConfig.BUFFER_MEMORY_CONFIG,
          "67108864",
          ProducerConfig.COMPRESSION_TYPE_CONFIG,
          "lz4");

  private KafkaSettings() {}

  /** With the group of this run. */
  static Properties consumer(Options options) {
    Properties properties = properties("consumer.", CONSUMER);
    properties.setProperty(ConsumerConfig.GROUP_ID_CONFIG, options.topicOut());
    return properties;
  }

  static Properties producer(Options options) {
    Properties properties = properties("producer.", PRODUCER);
    properties.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.bootstrap());
    properties.setProperty(
        ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class.getName());
    properties.setProperty(
        ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    return properties;
  }

  /** Those that are tuned, to be printed. */
  static Map<String, String> all() {
    Map<String, String> all = new TreeMap<>();
    properties("consumer.", CONSUMER)
        .forEach((name, value) -> all.put("consumer." + name, (String) value));
    properties("producer.", PRODUCER)
        .forEach((name, value) -> all.put("producer." + name, (String) value));
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
