package bora.peers.kafkastreams;

import bora.peers.Contestant;
import bora.peers.Input;
import bora.peers.Options;
import bora.peers.Program;
import bora.peers.Report;
import bora.peers.UsageException;
import bora.peers.Watch;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
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
  private static final long FIRST_RECORD_WITHIN_NS = 60_000_000_000L;

  private Main() {}

  public static void main(String[] arguments) {
    Program.main(KAFKA_STREAMS, arguments, Main::run);
  }

  private static void check(Options options) {
    if (options.bootstrap().isEmpty()
        || options.topicIn().isEmpty()
        || options.topicOut().isEmpty()
        || options.records() == 0) {
      throw new UsageException("it needs --bootstrap, --topic-in, --topic-out and --records");
    }
    if (options.isOpenLoop() || options.tuples() > 0) {
      throw new UsageException("not supported: it works off --records in a closed loop only");
    }
  }

  private static int run(Options options) {
    check(options);
    Map<String, String> settings = Settings.of(options);
    LongAdder processed = new LongAdder();
    Watch watch = new Watch(options.warmup(), processed::sum);
    try (KafkaStreams streams =
            new KafkaStreams(
                topology(options, processed), Settings.properties(options, settings));
        Admin admin = Admin.create(Map.of("bootstrap.servers", options.bootstrap()))) {
      streams.start();
      Progress progress =
          new Progress(options, streams, admin, options.topicOut(), processed);
      awaitFirst(processed);
      watch.begin(System.nanoTime());
      watch.await(progress::isOver);
    }
    if (watch.seconds() == 0) {
      System.err.println("nothing was measured: the records lasted no longer than the warm-up");
    }
    ReadBack output = ReadBack.of(options.bootstrap(), options.topicOut());
    Map<String, String> all = Report.javaSettings();
    all.putAll(settings);
    return new Report(
            KAFKA_STREAMS,
            options,
            processed.sum(),
            output.count(),
            output.checksum(),
            watch,
            null,
            null,
            0,
            all)
        .print();
  }

  private static Topology topology(Options options, LongAdder processed) {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(
            options.topicIn(), Consumed.with(Serdes.ByteArray(), new ReadingSerde("celsius")))
        .peek((key, reading) -> processed.increment())
        .filter((key, reading) -> reading.device() % 10 != 0)
        .map(
            (key, reading) ->
                KeyValue.pair(
                    Long.toString(reading.device()),
                    new Reading(
                        reading.device(), Input.fahrenheit(reading.value()), reading.time())))
        .to(options.topicOut(), Produced.with(Serdes.String(), new ReadingSerde("fahrenheit")));
    return builder.build();
  }

  private static void awaitFirst(LongAdder processed) {
    long until = System.nanoTime() + FIRST_RECORD_WITHIN_NS;
    while (processed.sum() == 0) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("no record was processed in the first minute");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}
