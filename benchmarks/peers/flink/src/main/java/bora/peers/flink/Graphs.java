package bora.peers.flink;

import bora.peers.Input;
import bora.peers.Options;
import java.time.Duration;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/** The graphs as Flink's jobs. One subtask of each operator, but for what is said. */
@SuppressWarnings("deprecation") // of addSource and addSink
final class Graphs {
  private static final int FAN = 4;

  private final Options options;
  private final StreamExecutionEnvironment environment;

  Graphs(Options options, StreamExecutionEnvironment environment) {
    this.options = options;
    this.environment = environment;
  }

  static int mostSubtasks(Options options) {
    return Math.max(FAN, options.tasks());
  }

  void build() {
    switch (options.graph()) {
      case "chain" -> chain();
      case "wordcount" -> wordcount();
      case "fan" -> fan();
      case "spike" -> spike();
      case "window" -> window();
      default -> throw new IllegalArgumentException(options.graph());
    }
  }

  private void chain() {
    DataStream<Tuple4<Integer, Double, Long, Long>> means =
        readings(false)
            .map(new Fahrenheit())
            .keyBy(reading -> reading.f0)
            .map(new Mean())
            .setParallelism(options.tasks());
    means.addSink(new ReadingSink(true)).setParallelism(1);
  }

  private void wordcount() {
    environment
        .addSource(new SentenceSource(), "source", Types.TUPLE(Types.STRING, Types.LONG))
        .flatMap(new Split())
        .keyBy(word -> word.f0)
        .map(new Count())
        .setParallelism(options.tasks())
        .addSink(new WordSink())
        .setParallelism(1);
  }

  private void fan() {
    readings(false)
        .rebalance()
        .map(new Fahrenheit())
        .setParallelism(FAN)
        .addSink(new ReadingSink(true))
        .setParallelism(1);
  }

  private void spike() {
    readings(false)
        .keyBy(reading -> reading.f0)
        .flatMap(new Spike())
        .setParallelism(options.tasks())
        .addSink(new ReadingSink(false))
        .setParallelism(1);
  }

  private void window() {
    readings(true)
        .keyBy(reading -> reading.f0)
        .window(TumblingEventTimeWindows.of(Duration.ofMillis(Input.WINDOW_MS)))
        .aggregate(new WindowMean(), new WindowResult())
        .setParallelism(options.tasks())
        .addSink(new ReadingSink(false))
        .setParallelism(1);
  }

  private DataStream<Tuple4<Integer, Double, Long, Long>> readings(boolean windows) {
    return environment.addSource(
        new ReadingSource(options.keys(), windows),
        "source",
        Types.TUPLE(Types.INT, Types.DOUBLE, Types.LONG, Types.LONG));
  }

  private static final class Fahrenheit
      implements MapFunction<
          Tuple4<Integer, Double, Long, Long>, Tuple4<Integer, Double, Long, Long>> {
    @Override
    public Tuple4<Integer, Double, Long, Long> map(Tuple4<Integer, Double, Long, Long> in) {
      in.f1 = Input.fahrenheit(in.f1);
      return in;
    }
  }
}
