#include "host/graph.hpp"

#include <algorithm>

#include "host/graph_json.hpp"

namespace bora::host {

namespace {

std::string count_of_tasks(std::uint32_t tasks) {
  return std::to_string(tasks) + (tasks == 1 ? " task" : " tasks");
}

// A name as a quoted Graphviz string.
std::string dot_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string edge_label(const Topology::Edge& edge) {
  return edge.stream == "default" ? edge.grouping : edge.stream + ", " + edge.grouping;
}

void append_text(std::string& out, const Topology& topology) {
  const std::vector<Topology::Node> nodes = topology.nodes();
  const std::vector<Topology::Edge> edges = topology.edges();
  std::size_t width = 0;
  for (const Topology::Node& node : nodes)
    width = std::max(width, node.name.size());
  out += "topology " + topology.name() + "\n";
  for (const Topology::Node& node : nodes) {
    out += "  " + node.name + std::string(width - node.name.size() + 2, ' ') +
           (node.is_spout ? "spout  " : "bolt   ") + count_of_tasks(node.tasks) + "\n";
    for (const Topology::Edge& edge : edges)
      if (edge.to == node.name) out += "    <- " + edge.from + " (" + edge_label(edge) + ")\n";
  }
}

void append_dot(std::string& out, const Topology& topology) {
  const auto id = [&](const std::string& node) { return dot_quoted(topology.name() + "/" + node); };
  out += "  subgraph " + dot_quoted("cluster_" + topology.name()) +
         " {\n    label=" + dot_quoted(topology.name()) + ";\n";
  for (const Topology::Node& node : topology.nodes())
    out += "    " + id(node.name) + " [label=" +
           dot_quoted(node.tasks == 1 ? node.name : node.name + " x" + std::to_string(node.tasks)) +
           ", shape=" + (node.is_spout ? "house" : "box") + "];\n";
  for (const Topology::Edge& edge : topology.edges())
    out += "    " + id(edge.from) + " -> " + id(edge.to) +
           " [label=" + dot_quoted(edge_label(edge)) + "];\n";
  out += "  }\n";
}

}  // namespace

std::string graph_as_text(const std::vector<const Topology*>& topologies) {
  std::string out;
  for (const Topology* topology : topologies)
    append_text(out, *topology);
  return out;
}

std::string graph_as_dot(const std::vector<const Topology*>& topologies) {
  std::string out = "digraph bora {\n  rankdir=LR;\n";
  for (const Topology* topology : topologies)
    append_dot(out, *topology);
  return out + "}\n";
}

std::string graph_as_json(const std::vector<const Topology*>& topologies) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Topology* topology : topologies)
    list.push_back(graph_json(topology->name(), topology->nodes(), topology->edges()));
  return nlohmann::ordered_json{{"topologies", std::move(list)}}.dump(2) + "\n";
}

nlohmann::ordered_json graph_json(const std::string& name, const std::vector<Topology::Node>& nodes,
                                  const std::vector<Topology::Edge>& edges) {
  nlohmann::ordered_json json{{"name", name}};
  auto& node_list = json["nodes"] = nlohmann::ordered_json::array();
  for (const Topology::Node& node : nodes)
    node_list.push_back(
        {{"name", node.name}, {"kind", node.is_spout ? "spout" : "bolt"}, {"tasks", node.tasks}});
  auto& edge_list = json["edges"] = nlohmann::ordered_json::array();
  for (const Topology::Edge& edge : edges)
    edge_list.push_back({{"from", edge.from},
                         {"stream", edge.stream},
                         {"to", edge.to},
                         {"grouping", edge.grouping}});
  return json;
}

}  // namespace bora::host
