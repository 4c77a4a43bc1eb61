package bora.peers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Counts up on one thread and is read by others, without a barrier in the way of the first. */
public final class Counter {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long value;

  public void add(long more) {
    VALUE.setOpaque(this, value + more);
  }

  public long get() {
    return (long) VALUE.getOpaque(this);
  }
}
