package bora.peers.flink;

import bora.peers.Input;
import bora.peers.Options;
import bora.peers.kafka.Reading;
import bora.peers.kafka.ReadingJson;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The graph {@code kafka} as a Flink job: read, filter, rewrite, written with the device as key. */
final class KafkaGraph {
  private KafkaGraph() {}

  static void build(Options options, StreamExecutionEnvironment environment) {
    environment.setParallelism(options.tasks());
    environment
        .fromSource(source(options), WatermarkStrategy.noWatermarks(), "records")
        .filter(new KeepReading())
        .map(new Rewrite())
        .sinkTo(sink(options));
  }

  private static KafkaSource<Reading> source(Options options) {
    return KafkaSource.<Reading>builder()
        .setBootstrapServers(options.bootstrap())
        .setTopics(options.topicIn())
        .setGroupId(options.topicOut())
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(KafkaRecordDeserializationSchema.valueOnly(new ReadSchema()))
        .setProperties(KafkaSettings.consumer())
        .build();
  }

  private static KafkaSink<Reading> sink(Options options) {
    boolean transactions = options.guarantee().equals("exactly-once");
    return KafkaSink.<Reading>builder()
        .setBootstrapServers(options.bootstrap())
        .setDeliveryGuarantee(
            transactions ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
        .setTransactionalIdPrefix(options.topicOut())
        .setKafkaProducerConfig(KafkaSettings.producer())
        .setRecordSerializer(new WriteSchema(options.topicOut()))
        .build();
  }

  private static final class ReadSchema extends AbstractDeserializationSchema<Reading> {
    @Override
    public Reading deserialize(byte[] message) {
      return ReadingJson.CELSIUS.read(message);
    }
  }

  private static final class Rewrite implements MapFunction<Reading, Reading> {
    @Override
    public Reading map(Reading in) {
      return new Reading(in.device(), Input.fahrenheit(in.value()), in.time());
    }
  }

  /** Without a partition, so that Kafka's own partitioner goes by the key, as everywhere. */
  private record WriteSchema(String topic) implements KafkaRecordSerializationSchema<Reading> {
    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        Reading reading, KafkaSinkContext context, Long timestamp) {
      byte[] key = Long.toString(reading.device()).getBytes(StandardCharsets.UTF_8);
      return new ProducerRecord<>(topic, key, ReadingJson.FAHRENHEIT.write(reading));
    }
  }
}
