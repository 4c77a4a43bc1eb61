package bora.peers.flink;

import bora.peers.Counter;
import bora.peers.Input;
import bora.peers.Outputs;
import bora.peers.Run;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.functions.sink.RichSinkFunction;

@SuppressWarnings("deprecation")
final class WordSink extends RichSinkFunction<Tuple3<String, Long, Long>> {
  private transient Outputs outputs;
  private transient Counter completed;
  private transient int ofSentence;

  @Override
  public void open(Configuration ignored) {
    outputs = Run.current().newOutputs();
    completed = Run.current().newCompleted();
  }

  @Override
  public void invoke(Tuple3<String, Long, Long> in, Context context) {
    outputs.take(Input.wordNumber(in.f0), in.f1.longValue(), in.f2);
    if (++ofSentence == Input.WORDS) {
      ofSentence = 0;
      completed.add(1);
    }
  }
}
