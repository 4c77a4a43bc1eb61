package bora.peers.flink;

import bora.peers.Counter;
import bora.peers.Outputs;
import bora.peers.Run;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.functions.sink.RichSinkFunction;

@SuppressWarnings("deprecation")
final class ReadingSink extends RichSinkFunction<Tuple4<Integer, Double, Long, Long>> {
  private final boolean completes;
  private transient Outputs outputs;
  private transient Counter completed;

  /** {@code completes}: each source tuple ends here, as one output. */
  ReadingSink(boolean completes) {
    this.completes = completes;
  }

  @Override
  public void open(Configuration ignored) {
    outputs = Run.current().newOutputs();
    completed = completes ? Run.current().newCompleted() : new Counter();
  }

  @Override
  public void invoke(Tuple4<Integer, Double, Long, Long> in, Context context) {
    outputs.take(in.f0, in.f1.doubleValue(), in.f3);
    completed.add(1);
  }
}
