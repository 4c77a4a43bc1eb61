package bora.peers.flink;

import bora.peers.Input;
import org.apache.flink.api.java.tuple.Tuple2;

/** Sentences: text, due. */
@SuppressWarnings("deprecation")
final class SentenceSource extends FeedSource<Tuple2<String, Long>> {
  private final Tuple2<String, Long> sentence = new Tuple2<>();

  @Override
  void send(SourceContext<Tuple2<String, Long>> context, long i, long due) {
    sentence.setFields(Input.sentence(i), due);
    context.collect(sentence);
  }
}
