package bora.peers.flink;

import bora.peers.Contestant;
import bora.peers.Expected;
import bora.peers.Options;
import bora.peers.Program;
import bora.peers.Report;
import bora.peers.Run;
import bora.peers.UsageException;
import bora.peers.kafka.TopicEnds;
import bora.peers.kafka.TopicRun;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Flink as a contestant: a cluster in this process. */
public final class Main {
  private static final Contestant FLINK =
      new Contestant(
          "flink",
          "1.20.1",
          List.of("chain", "wordcount", "fan", "spike", "window", "kafka"),
          List.of("none", "at-least-once", "exactly-once"),
          List.of("unchained", "chained"));

  private Main() {}

  public static void main(String[] arguments) {
    Program.main(FLINK, arguments, Main::run);
  }

  private static int run(Options options) throws Exception {
    return options.graph().equals("kafka") ? runKafka(options) : runGraph(options);
  }

  private static int runGraph(Options options) throws Exception {
    Run run = Run.begin(FLINK, options);
    Configuration configuration = Settings.of(options);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    new Graphs(options, environment).build();
    CompletableFuture<JobExecutionResult> job =
        environment.executeAsync().getJobExecutionResult();
    run.await(() -> !job.isDone());
    job.get(1, TimeUnit.MINUTES);
    Map<String, String> settings = Report.javaSettings();
    settings.putAll(configuration.toMap());
    return run.report(settings);
  }

  private static int runKafka(Options options) throws Exception {
    if (options.guarantee().equals("none")) {
      throw new UsageException("not supported: a topic without a guarantee");
    }
    TopicRun run = TopicRun.begin(FLINK, options);
    Configuration configuration = Settings.of(options);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    KafkaGraph.build(options, environment);
    long expected = Expected.outputs(options.graph(), options.records(), options.keys());
    CompletableFuture<JobExecutionResult> job =
        environment.executeAsync().getJobExecutionResult();
    try (TopicEnds out = new TopicEnds(options.bootstrap(), options.topicOut())) {
      run.await(
          run::completed,
          () -> run.isTransactional() ? out.isAllCommitted() : out.written() >= expected,
          () -> !job.isDone());
    }
    if (job.isDone()) {
      job.get();
    }
    Map<String, String> settings = KafkaSettings.all();
    settings.putAll(configuration.toMap());
    return run.report(settings);
  }
}
