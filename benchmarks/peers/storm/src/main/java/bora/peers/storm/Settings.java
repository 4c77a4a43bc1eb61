package bora.peers.storm;

import bora.peers.Options;
import org.apache.storm.Config;
import org.apache.storm.policy.WaitStrategyPark;
import org.apache.storm.policy.WaitStrategyProgressive;

/**
 * The topology's configuration, by Storm's own page on performance; README.md says why each. A
 * system property of the same name overrides one.
 */
final class Settings {
  private Settings() {}

  static Config of(Options options) {
    boolean acked = Graphs.isAcked(options);
    Config config = new Config();
    config.setDebug(false);
    config.setNumWorkers(1);
    config.setNumAckers(acked ? 1 : 0);
    config.setNumEventLoggers(0);
    config.setMessageTimeoutSecs(60);
    if (acked) {
      put(config, Config.TOPOLOGY_MAX_SPOUT_PENDING, spoutPending(options));
    }
    put(config, Config.TOPOLOGY_EXECUTOR_RECEIVE_BUFFER_SIZE, 4096);
    put(config, Config.TOPOLOGY_PRODUCER_BATCH_SIZE, 1);
    put(config, Config.TOPOLOGY_TRANSFER_BATCH_SIZE, 1);
    put(config, Config.TOPOLOGY_STATS_SAMPLE_RATE, 0.001);
    put(config, Config.TOPOLOGY_DISABLE_LOADAWARE_MESSAGING, true);
    put(config, Config.TOPOLOGY_SPOUT_WAIT_STRATEGY, WaitStrategyPark.class.getName());
    put(config, Config.TOPOLOGY_SPOUT_WAIT_PARK_MICROSEC, 50);
    put(config, Config.TOPOLOGY_BOLT_WAIT_STRATEGY, WaitStrategyProgressive.class.getName());
    put(config, Config.TOPOLOGY_BOLT_WAIT_PARK_MICROSEC, 50);
    return config;
  }

  private static int spoutPending(Options options) {
    return switch (options.graph()) {
      case "window" -> 8192; // those of 1,000 are acked when it has closed: fewer would stop it
      case "kafka" -> 20_000; // a round trip to the broker, and what its producer gathers before
      default -> 2000;
    };
  }

  private static void put(Config config, String name, Object value) {
    String given = System.getProperty(name);
    if (given == null) {
      config.put(name, value);
    } else if (value instanceof String) {
      config.put(name, given);
    } else if (value instanceof Boolean) {
      config.put(name, Boolean.valueOf(given));
    } else if (value instanceof Double) {
      config.put(name, Double.valueOf(given));
    } else {
      config.put(name, Integer.valueOf(given));
    }
  }
}
