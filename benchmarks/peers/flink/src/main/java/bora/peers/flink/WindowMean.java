package bora.peers.flink;

import bora.peers.Counter;
import bora.peers.Run;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;

/** Mean of a window, added up as tuples come: (sum, then mean; count; when the newest was due). */
final class WindowMean
    implements AggregateFunction<
        Tuple4<Integer, Double, Long, Long>,
        Tuple3<Double, Long, Long>,
        Tuple3<Double, Long, Long>> {
  private transient Counter completed;

  @Override
  public Tuple3<Double, Long, Long> createAccumulator() {
    return Tuple3.of(0.0, 0L, 0L);
  }

  @Override
  public Tuple3<Double, Long, Long> add(
      Tuple4<Integer, Double, Long, Long> in, Tuple3<Double, Long, Long> state) {
    if (completed == null) {
      completed = Run.current().newCompleted();
    }
    state.f0 += in.f1;
    state.f1 += 1;
    state.f2 = in.f3;
    completed.add(1);
    return state;
  }

  @Override
  public Tuple3<Double, Long, Long> getResult(Tuple3<Double, Long, Long> state) {
    return Tuple3.of(state.f0 / state.f1, state.f1, state.f2);
  }

  @Override
  public Tuple3<Double, Long, Long> merge(
      Tuple3<Double, Long, Long> a, Tuple3<Double, Long, Long> b) {
    return Tuple3.of(a.f0 + b.f0, a.f1 + b.f1, Math.max(a.f2, b.f2));
  }
}
