#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "bora/topology.hpp"

namespace bora::test {

/// Emits so many numbers and then finishes; with kEndless it never does.
class Numbers final : public Spout<std::uint64_t> {
 public:
  static constexpr std::uint64_t kEndless = ~std::uint64_t{0};
  explicit Numbers(std::uint64_t count) : count_(count) {}

  Next next_batch(std::size_t max) override {
    for (; max > 0 && n_ < count_; --max, ++n_)
      emit(n_, {.offset = n_});
    return n_ < count_ ? Next::more() : Next::finished();
  }

 private:
  std::uint64_t count_;
  std::uint64_t n_ = 0;
};

/// Fails for every multiple of 100 but 0.
class Picky final : public Bolt<std::uint64_t> {
 public:
  void execute(const std::uint64_t& number) override {
    if (number != 0 && number % 100 == 0) throw std::runtime_error("do not like \"hundreds\"");
  }
};

/// Does not open.
class Broken final : public Bolt<std::uint64_t> {
 public:
  Status open(Context&) override {
    return {ErrorKind::kUnavailable, "no store at ./x: mend the path"};
  }
  void execute(const std::uint64_t&) override {}
};

/// numbers -> picky, two tasks.
inline Result<Topology> picky_topology(std::uint64_t count) {
  TopologyBuilder topology{"picky"};
  const auto numbers = topology.spout("numbers", [=] { return std::make_unique<Numbers>(count); });
  topology.bolt("picky", [] { return std::make_unique<Picky>(); }, {.tasks = 2}).shuffle(numbers);
  return topology.build();
}

inline Result<Topology> broken_topology() {
  TopologyBuilder topology{"broken"};
  const auto numbers = topology.spout("numbers", [] { return std::make_unique<Numbers>(1); });
  topology.bolt("archive", [] { return std::make_unique<Broken>(); }).shuffle(numbers);
  return topology.build();
}

}  // namespace bora::test
