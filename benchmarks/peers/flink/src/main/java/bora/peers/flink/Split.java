package bora.peers.flink;

import java.util.StringTokenizer;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.util.Collector;

/** A sentence into its words: (word, 0, due), whose count comes later. */
final class Split implements FlatMapFunction<Tuple2<String, Long>, Tuple3<String, Long, Long>> {
  private final Tuple3<String, Long, Long> word = new Tuple3<>();

  @Override
  public void flatMap(Tuple2<String, Long> sentence, Collector<Tuple3<String, Long, Long>> out) {
    StringTokenizer words = new StringTokenizer(sentence.f0, " ");
    while (words.hasMoreTokens()) {
      word.setFields(words.nextToken(), 0L, sentence.f1);
      out.collect(word);
    }
  }
}
