package bora.peers.kafka;

/** A message of either topic; {@code value} in the unit of that one. */
public record Reading(long device, double value, long time) {
  private static final int DROPPED = 10;

  /** Every tenth device is not passed on. */
  public boolean isKept() {
    return device % DROPPED != 0;
  }
}
