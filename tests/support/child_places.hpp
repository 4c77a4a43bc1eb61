#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "bora/bolt.hpp"

namespace bora::test {

using Names = std::vector<std::string>;
/// By tuple: which tasks got it, such as "sink[2]", sorted.
template <class T>
using PlacesOf = std::map<T, Names>;
using Places = PlacesOf<std::int64_t>;

/// Writes down where it got what.
template <class T>
class WitnessOf final : public Bolt<T> {
 public:
  explicit WitnessOf(std::shared_ptr<PlacesOf<T>> seen) : seen_(std::move(seen)) {}
  Status open(Context& context) override {
    name_ = std::string{context.component()} + '[' + std::to_string(context.task()) + ']';
    return {};
  }
  void execute(const T& tuple) override { (*seen_)[tuple].push_back(name_); }

 private:
  std::shared_ptr<PlacesOf<T>> seen_;  // of all witnesses on one thread
  std::string name_;
};
using Witness = WitnessOf<std::int64_t>;

template <class T>
[[nodiscard]] PlacesOf<T> sorted(PlacesOf<T> places) {
  for (auto& [tuple, names] : places)
    std::sort(names.begin(), names.end());
  return places;
}

[[nodiscard]] inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

/// What a child wrote that multilang_child.py was given `ids=` for. Names may have spaces: they end
/// with a bracket.
[[nodiscard]] inline Places places_in(const std::filesystem::path& path) {
  Places places;
  for (const std::string& line : lines_of(path)) {
    std::istringstream words{line};
    std::int64_t number = 0;
    words >> number;
    Names& names = places[number];
    for (std::string name; std::getline(words >> std::ws, name, ']');)
      names.push_back(name + ']');
  }
  return places;
}

}  // namespace bora::test
