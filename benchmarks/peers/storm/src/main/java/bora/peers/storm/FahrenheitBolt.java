package bora.peers.storm;

import bora.peers.Input;
import org.apache.storm.tuple.Tuple;

final class FahrenheitBolt extends ReadingBolt {
  @Override
  void take(Tuple in, Integer device, double value) {
    emit(in, device, Input.fahrenheit(value));
    collector().ack(in);
  }
}
