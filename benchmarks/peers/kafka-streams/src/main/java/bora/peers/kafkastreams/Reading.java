package bora.peers.kafkastreams;

/** A message of either topic; {@code value} in the unit of that one. */
record Reading(long device, double value, long time) {}
