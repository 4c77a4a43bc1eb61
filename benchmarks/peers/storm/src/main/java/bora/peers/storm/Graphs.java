package bora.peers.storm;

import bora.peers.Options;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;

/** The graphs as Storm's topologies. One executor of each component, but for what is said. */
final class Graphs {
  private static final Fields DEVICE = new Fields("device");
  private static final int FAN = 4;

  private Graphs() {}

  static StormTopology topology(Options options) {
    boolean acked = isAcked(options);
    boolean words = options.graph().equals("wordcount");
    boolean inner = options.graph().equals("spike") || options.graph().equals("window");
    TopologyBuilder builder = new TopologyBuilder();
    builder.setSpout("source", new FeedSpout(words, acked));
    String last =
        switch (options.graph()) {
          case "chain" -> chain(builder, options.tasks());
          case "wordcount" -> wordcount(builder, options.tasks());
          case "fan" -> fan(builder);
          case "spike" -> keyed(builder, new SpikeBolt(!acked), options.tasks());
          case "window" -> keyed(builder, new WindowBolt(acked), options.tasks());
          default -> throw new IllegalArgumentException(options.graph());
        };
    builder.setBolt("sink", new SinkBolt(words, !acked && !inner)).shuffleGrouping(last);
    return builder.createTopology();
  }

  static boolean isAcked(Options options) {
    return options.guarantee().equals("at-least-once");
  }

  private static String chain(TopologyBuilder builder, int tasks) {
    builder.setBolt("map", new FahrenheitBolt()).shuffleGrouping("source");
    builder.setBolt("mean", new MeanBolt(), tasks).fieldsGrouping("map", DEVICE);
    return "mean";
  }

  private static String wordcount(TopologyBuilder builder, int tasks) {
    builder.setBolt("split", new SplitBolt()).shuffleGrouping("source");
    builder.setBolt("count", new CountBolt(), tasks).fieldsGrouping("split", new Fields("word"));
    return "count";
  }

  private static String fan(TopologyBuilder builder) {
    builder.setBolt("map", new FahrenheitBolt(), FAN).shuffleGrouping("source");
    return "map";
  }

  private static String keyed(TopologyBuilder builder, ReadingBolt bolt, int tasks) {
    builder.setBolt("keyed", bolt, tasks).fieldsGrouping("source", DEVICE);
    return "keyed";
  }
}
