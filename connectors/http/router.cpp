#include "connectors/http/router.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bora/check.hpp"
#include "connectors/http/target.hpp"

namespace bora::http::internal {

struct Router::Node {
  std::map<std::string, Node, std::less<>> literals;
  std::unique_ptr<Node> parameter;  // the one child that takes any segment that is not empty
  std::string name;                 // of this node's segment, when it is a parameter
  std::map<Method, Target> methods;
};

namespace {

// "/devices/{id}" is "devices", "{id}"; "/" is one empty segment.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, slash));
    if (slash == path.size()) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) noexcept {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// Walks down as `path` says; depth is that of the routes, not of the path.
template <class Node>
const Node* walk(const Node& node, std::string_view path, std::vector<std::string_view>& values,
                 std::vector<std::string_view>& names) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  const auto go = [&](const Node& child) -> const Node* {
    if (slash != std::string_view::npos) return walk(child, path.substr(slash + 1), values, names);
    return child.methods.empty() ? nullptr : &child;
  };
  if (const auto literal = node.literals.find(segment); literal != node.literals.end())
    if (const Node* found = go(literal->second)) return found;
  if (!node.parameter || segment.empty()) return nullptr;
  values.push_back(segment);
  names.push_back(node.parameter->name);
  if (const Node* found = go(*node.parameter)) return found;
  values.pop_back();
  names.pop_back();
  return nullptr;
}

template <class Methods>
std::string allowed(const Methods& methods) {
  std::string text;
  const auto allow = [&text](Method m) {
    if (!text.empty()) text += ", ";
    text += to_string(m);
  };
  for (const auto& [method, target] : methods) {
    allow(method);
    if (method == Method::kGet && !methods.contains(Method::kHead)) allow(Method::kHead);
  }
  return text;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Method method, const std::string& path, Target target) {
  BORA_CHECK(path.starts_with('/'), "the path of a route begins with /: " + path);
  Node* node = root_.get();
  for (const std::string_view segment : segments_of(path)) {
    if (!is_parameter(segment)) {
      node = &node->literals[std::string{segment}];
      continue;
    }
    const std::string name{segment.substr(1, segment.size() - 2)};
    if (!node->parameter) {
      node->parameter = std::make_unique<Node>();
      node->parameter->name = name;
    }
    node = node->parameter.get();
    BORA_CHECK(node->name == name, "one segment has two names in routes, one of them in " + path);
  }
  const bool is_new = node->methods.emplace(method, std::move(target)).second;
  BORA_CHECK(is_new, std::string{to_string(method)} + " " + path + " has two handlers");
}

Router::Match Router::find(Method method, std::string_view path) const {
  if (!path.starts_with('/')) return {};
  std::vector<std::string_view> values;
  std::vector<std::string_view> names;
  const Node* node = walk(*root_, path.substr(1), values, names);
  if (node == nullptr) return {};
  const auto& methods = node->methods;
  auto found = methods.find(method);
  if (found == methods.end() && method == Method::kHead) found = methods.find(Method::kGet);
  if (found == methods.end()) return {.allow = allowed(methods)};
  Match match{.target = &found->second};
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto value = decode_percent(values[i]);
    if (!value) return {.is_malformed = true};
    match.parameters.push_back({std::string{names[i]}, *std::move(value)});
  }
  return match;
}

}  // namespace bora::http::internal
