package bora.peers.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple3;

/** Gives a word the number of times it has come: (word, count, due). */
final class Count
    extends RichMapFunction<Tuple3<String, Long, Long>, Tuple3<String, Long, Long>> {
  private transient ValueState<Long> seen;

  @Override
  public void open(OpenContext ignored) {
    seen = getRuntimeContext().getState(new ValueStateDescriptor<>("seen", Long.class));
  }

  @Override
  public Tuple3<String, Long, Long> map(Tuple3<String, Long, Long> in) throws Exception {
    Long before = seen.value();
    long count = before == null ? 1 : before + 1;
    seen.update(count);
    in.f1 = count;
    return in;
  }
}
