package bora.peers;

/** Options that are wrong, or that this system does not support: exit code 2. */
public final class UsageException extends RuntimeException {
  public UsageException(String message) {
    super(message);
  }
}
