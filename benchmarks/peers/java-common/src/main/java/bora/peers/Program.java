package bora.peers;

/** A contestant's {@code main}: options in, exit code out, and no thread of the system keeps it. */
public final class Program {
  private static final int WRONG_OPTIONS = 2;
  private static final int FAILED = 1;

  private Program() {}

  /** One run; returns the exit code of its {@link Report}. */
  public interface Body {
    int run(Options options) throws Exception;
  }

  /** Ends the process. At once: the systems would take seconds to end in order. */
  public static void main(Contestant contestant, String[] arguments, Body body) {
    int code;
    try {
      code = body.run(Options.parse(contestant, arguments));
    } catch (UsageException e) {
      System.err.println(e.getMessage());
      code = WRONG_OPTIONS;
    } catch (Exception | Error e) {
      e.printStackTrace();
      code = FAILED;
    }
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }
}
