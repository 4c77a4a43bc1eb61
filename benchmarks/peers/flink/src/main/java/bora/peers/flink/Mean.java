package bora.peers.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;

/** The running mean of each device. */
final class Mean
    extends RichMapFunction<
        Tuple4<Integer, Double, Long, Long>, Tuple4<Integer, Double, Long, Long>> {
  private transient ValueState<Tuple2<Double, Long>> device;

  @Override
  public void open(OpenContext ignored) {
    device =
        getRuntimeContext()
            .getState(new ValueStateDescriptor<>("mean", Types.TUPLE(Types.DOUBLE, Types.LONG)));
  }

  @Override
  public Tuple4<Integer, Double, Long, Long> map(Tuple4<Integer, Double, Long, Long> in)
      throws Exception {
    Tuple2<Double, Long> state = device.value();
    if (state == null) {
      state = Tuple2.of(0.0, 0L);
    }
    state.f0 += in.f1;
    state.f1 += 1;
    device.update(state);
    in.f1 = state.f0 / state.f1;
    return in;
  }
}
