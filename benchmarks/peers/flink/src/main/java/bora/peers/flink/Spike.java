package bora.peers.flink;

import bora.peers.Counter;
import bora.peers.MovingMean;
import bora.peers.Run;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.util.Collector;

/** Passes on what stands out of the last values of its device. A tuple ends here: few go on. */
final class Spike
    extends RichFlatMapFunction<
        Tuple4<Integer, Double, Long, Long>, Tuple4<Integer, Double, Long, Long>> {
  private transient ValueState<MovingMean> device;
  private transient Counter completed;

  @Override
  public void open(OpenContext ignored) {
    device = getRuntimeContext().getState(new ValueStateDescriptor<>("mean", MovingMean.class));
    completed = Run.current().newCompleted();
  }

  @Override
  public void flatMap(
      Tuple4<Integer, Double, Long, Long> in, Collector<Tuple4<Integer, Double, Long, Long>> out)
      throws Exception {
    MovingMean state = device.value();
    if (state == null) {
      state = new MovingMean();
    }
    double mean = state.add(in.f1);
    device.update(state);
    if (MovingMean.isOutlier(in.f1, mean)) {
      in.f1 = mean;
      out.collect(in);
    }
    completed.add(1);
  }
}
