package bora.peers.storm;

import bora.peers.Options;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.kafka.bolt.KafkaBolt;
import org.apache.storm.kafka.bolt.mapper.FieldNameBasedTupleToKafkaMapper;
import org.apache.storm.kafka.bolt.selector.DefaultTopicSelector;
import org.apache.storm.kafka.spout.FirstPollOffsetStrategy;
import org.apache.storm.kafka.spout.KafkaSpout;
import org.apache.storm.kafka.spout.KafkaSpoutConfig;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/** The graph {@code kafka} as a topology of Storm's own spout and bolt, with one bolt between. */
final class KafkaGraph {
  private KafkaGraph() {}

  static StormTopology topology(Options options) {
    TopologyBuilder builder = new TopologyBuilder();
    builder.setSpout("records", new KafkaSpout<>(spout(options)));
    builder.setBolt("rewrite", new RewriteBolt(), options.tasks()).shuffleGrouping("records");
    KafkaBolt<String, byte[]> publish =
        new KafkaBolt<String, byte[]>()
            .withProducerProperties(KafkaSettings.producer(options))
            .withTopicSelector(new DefaultTopicSelector(options.topicOut()))
            .withTupleToKafkaMapper(
                new FieldNameBasedTupleToKafkaMapper<>(RewriteBolt.KEY, RewriteBolt.MESSAGE));
    builder.setBolt("publish", publish).fieldsGrouping("rewrite", new Fields(RewriteBolt.KEY));
    return builder.createTopology();
  }

  private static KafkaSpoutConfig<byte[], byte[]> spout(Options options) {
    return new KafkaSpoutConfig.Builder<byte[], byte[]>(options.bootstrap(), options.topicIn())
        .setProp(KafkaSettings.consumer(options))
        .setProp("key.deserializer", ByteArrayDeserializer.class)
        .setProp("value.deserializer", ByteArrayDeserializer.class)
        .setProcessingGuarantee(KafkaSpoutConfig.ProcessingGuarantee.AT_LEAST_ONCE)
        .setFirstPollOffsetStrategy(FirstPollOffsetStrategy.EARLIEST)
        .setRecordTranslator(record -> new Values(record.value()), new Fields("message"))
        .setTupleListener(new AckListener())
        .build();
  }
}
