package bora.peers.flink;

import bora.peers.Counter;
import bora.peers.Run;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;

/** The mean of a window, added up as tuples come. */
final class WindowMean
    implements AggregateFunction<
        Tuple4<Integer, Double, Long, Long>, Tuple2<Double, Long>, Double> {
  private transient Counter completed;

  @Override
  public Tuple2<Double, Long> createAccumulator() {
    return Tuple2.of(0.0, 0L);
  }

  @Override
  public Tuple2<Double, Long> add(
      Tuple4<Integer, Double, Long, Long> in, Tuple2<Double, Long> state) {
    if (completed == null) {
      completed = Run.current().newCompleted();
    }
    state.f0 += in.f1;
    state.f1 += 1;
    completed.add(1);
    return state;
  }

  @Override
  public Double getResult(Tuple2<Double, Long> state) {
    return state.f0 / state.f1;
  }

  @Override
  public Tuple2<Double, Long> merge(Tuple2<Double, Long> a, Tuple2<Double, Long> b) {
    return Tuple2.of(a.f0 + b.f0, a.f1 + b.f1);
  }
}
