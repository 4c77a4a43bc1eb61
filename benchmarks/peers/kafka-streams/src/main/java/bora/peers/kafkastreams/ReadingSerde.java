package bora.peers.kafkastreams;

import bora.peers.kafka.Reading;
import bora.peers.kafka.ReadingJson;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** Messages of one of the topics. */
record ReadingSerde(ReadingJson json) implements Serde<Reading> {
  @Override
  public Serializer<Reading> serializer() {
    return (topic, reading) -> json.write(reading);
  }

  @Override
  public Deserializer<Reading> deserializer() {
    return (topic, bytes) -> json.read(bytes);
  }
}
