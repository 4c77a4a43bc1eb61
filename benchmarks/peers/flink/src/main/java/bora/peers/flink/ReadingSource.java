package bora.peers.flink;

import bora.peers.Input;
import org.apache.flink.api.java.tuple.Tuple4;

/** Readings: device, value, time, due. One object for all of them, as objects are reused. */
@SuppressWarnings("deprecation")
final class ReadingSource extends FeedSource<Tuple4<Integer, Double, Long, Long>> {
  private final int keys;
  private final boolean windows;
  private final Tuple4<Integer, Double, Long, Long> reading = new Tuple4<>();

  /** {@code windows}: with timestamps, and a watermark at the end of each window. */
  ReadingSource(int keys, boolean windows) {
    this.keys = keys;
    this.windows = windows;
  }

  @Override
  void send(SourceContext<Tuple4<Integer, Double, Long, Long>> context, long i, long due) {
    reading.setFields(Input.device(i, keys), Input.celsius(i), i, due);
    if (windows) {
      closeWindow(context, i);
      context.collectWithTimestamp(reading, i);
    } else {
      context.collect(reading);
    }
  }
}
