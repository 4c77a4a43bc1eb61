package bora.peers.storm;

import bora.peers.Contestant;
import bora.peers.Options;
import bora.peers.Program;
import bora.peers.Report;
import bora.peers.Run;
import java.util.List;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.LocalCluster;

/** Storm as a contestant: one worker in this process. */
public final class Main {
  private static final Contestant STORM =
      new Contestant(
          "storm",
          "2.8.3",
          List.of("chain", "wordcount", "fan", "spike", "window"),
          List.of("none", "at-least-once"),
          List.of("default"));
  private static final String NAME = "peer";

  private Main() {}

  public static void main(String[] arguments) {
    Program.main(STORM, arguments, Main::run);
  }

  private static int run(Options options) throws Exception {
    Run run = Run.begin(STORM, options);
    Config config = Settings.of(options);
    LocalCluster cluster = new LocalCluster();
    cluster.submitTopology(NAME, config, Graphs.topology(options));
    run.await(() -> true);
    Map<String, String> settings = Report.javaSettings();
    config.forEach((name, value) -> settings.put(name, String.valueOf(value)));
    return run.report(settings);
  }
}
