package bora.peers.flink;

import bora.peers.Feed;
import bora.peers.Run;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** A reading of a window's mean, but not of the last window, which the end of input closed. */
final class WindowResult
    extends ProcessWindowFunction<
        Tuple3<Double, Long, Long>, Tuple4<Integer, Double, Long, Long>, Integer, TimeWindow> {
  private transient Feed feed;

  @Override
  public void open(OpenContext ignored) {
    feed = Run.current().feed();
  }

  @Override
  public void process(
      Integer device,
      Context context,
      Iterable<Tuple3<Double, Long, Long>> means,
      Collector<Tuple4<Integer, Double, Long, Long>> out) {
    if (context.window().getEnd() > feed.lastEventTime()) {
      return;
    }
    Tuple3<Double, Long, Long> mean = means.iterator().next();
    out.collect(Tuple4.of(device, mean.f0, context.window().maxTimestamp(), mean.f2));
  }
}
