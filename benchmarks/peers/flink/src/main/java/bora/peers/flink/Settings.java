package bora.peers.flink;

import bora.peers.Options;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.CheckpointingMode;

/** The job's configuration; README.md says why each. */
final class Settings {
  private Settings() {}

  static Configuration of(Options options) {
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    settings.set(PipelineOptions.OPERATOR_CHAINING, options.variant().equals("chained"));
    settings.set(ExecutionOptions.BUFFER_TIMEOUT, bufferTimeout(options));
    settings.set(StateBackendOptions.STATE_BACKEND, "hashmap");
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    settings.set(TaskManagerOptions.NUM_TASK_SLOTS, Graphs.mostSubtasks(options));
    if (!options.guarantee().equals("none")) {
      settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(1));
      settings.set(
          CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE,
          options.guarantee().equals("exactly-once")
              ? CheckpointingMode.EXACTLY_ONCE
              : CheckpointingMode.AT_LEAST_ONCE);
      settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
      settings.set(
          CheckpointingOptions.CHECKPOINTS_DIRECTORY,
          Path.of(System.getProperty("java.io.tmpdir"), "checkpoints").toUri().toString());
    }
    return settings;
  }

  /** At a fixed rate every record goes on at once; a full load fills the buffers by itself. */
  private static Duration bufferTimeout(Options options) {
    long fallback = options.isOpenLoop() ? 0 : 100;
    return Duration.ofMillis(Long.getLong("execution.buffer-timeout.interval", fallback));
  }
}
