package bora.peers.kafkastreams;

import bora.peers.Contestant;
import bora.peers.Counter;
import bora.peers.Expected;
import bora.peers.Input;
import bora.peers.Options;
import bora.peers.Program;
import bora.peers.kafka.Reading;
import bora.peers.kafka.ReadingJson;
import bora.peers.kafka.TopicRun;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** Kafka Streams as a contestant: works off a topic into another. */
public final class Main {
  private static final Contestant KAFKA_STREAMS =
      new Contestant(
          "kafka-streams",
          "3.9.1",
          List.of("kafka"),
          List.of("at-least-once", "exactly-once"),
          List.of("default"));

  private Main() {}

  public static void main(String[] arguments) {
    Program.main(KAFKA_STREAMS, arguments, Main::run);
  }

  private static int run(Options options) {
    TopicRun run = TopicRun.begin(KAFKA_STREAMS, options);
    Map<String, String> settings = Settings.of(options);
    long expected = Expected.outputs(options.graph(), options.records(), options.keys());
    try (KafkaStreams streams =
            new KafkaStreams(topology(options, run), Settings.properties(options, settings));
        Admin admin = Admin.create(Map.of("bootstrap.servers", options.bootstrap()))) {
      streams.start();
      Progress progress = new Progress(streams, admin, options.topicOut());
      run.await(
          run::completed,
          () ->
              run.isTransactional()
                  ? progress.committed() >= options.records()
                  : progress.sent() >= expected,
          () -> !streams.state().hasCompletedShutdown());
    }
    return run.report(settings);
  }

  /** One count for each thread, of which there may be several. */
  private static Topology topology(Options options, TopicRun run) {
    StreamsBuilder builder = new StreamsBuilder();
    ThreadLocal<Counter> processed = ThreadLocal.withInitial(run::newCompleted);
    builder.stream(
            options.topicIn(),
            Consumed.with(Serdes.ByteArray(), new ReadingSerde(ReadingJson.CELSIUS)))
        .peek((key, reading) -> processed.get().add(1))
        .filter((key, reading) -> reading.isKept())
        .map(
            (key, reading) ->
                KeyValue.pair(
                    Long.toString(reading.device()),
                    new Reading(
                        reading.device(), Input.fahrenheit(reading.value()), reading.time())))
        .to(
            options.topicOut(),
            Produced.with(Serdes.String(), new ReadingSerde(ReadingJson.FAHRENHEIT)));
    return builder.build();
  }
}
