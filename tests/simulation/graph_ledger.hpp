#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/failure.hpp"
#include "bora/testing/world.hpp"

namespace bora::simulation {

/// Where a tuple comes from: the message, and which of its emissions.
struct Origin {
  std::uint32_t message = 0;
  std::uint32_t attempt = 0;
};

/// Everything that the graph does to a message, each a bit.
enum class Effect : std::uint32_t {
  kPart0,
  kPart1,
  kPart2,  // split, marked, sealed
  kAgain0,
  kAgain1,
  kAgain2,  // the same parts, by the other way through the seal
  kExtra,   // reached the seal from another thread
  kAudit0,
  kAudit1,  // every auditor
  kPair,
  kQuad,    // joined with another, and with three others
  kHeld,    // held, acked later
  kPicked,  // by direct grouping
  kNotedItem,
  kNotedPair,  // by the bolt that takes a variant
  kWindow,
  kEvent,  // was in a window, or was late
  kBatch,
  kCount
};
[[nodiscard]] std::string_view to_string(Effect effect) noexcept;

/// What is expected of every message of the graph, and what happened: the oracle. What was done for a
/// message is noted for the emission that it was done for, so that an ack can be compared with it.
/// Threads: single-owner, as the simulation.
class GraphLedger {
 public:
  static constexpr std::uint32_t kNoMessage = 0xffff'ffffU;  // of tuples that nobody tracks

  GraphLedger(testing::World& world, std::uint32_t messages);

  [[nodiscard]] testing::World& world() noexcept { return world_; }
  [[nodiscard]] std::uint32_t messages() const noexcept {
    return static_cast<std::uint32_t>(done_.size());
  }
  [[nodiscard]] bool is_done(std::uint32_t message) const { return done_[message]; }
  [[nodiscard]] bool is_all_done() const noexcept { return left_ == 0; }
  /// Parts that the message is split into: 0 .. 3.
  [[nodiscard]] static std::uint32_t parts_of(std::uint32_t message) { return message % 4; }

  /// A line for every message that was emitted and is not done: what it lacks.
  [[nodiscard]] std::vector<std::string> open() const;

  // --- the spout ---
  [[nodiscard]] Origin emit(std::uint32_t message);
  void acked(Origin origin);
  void failed(Origin origin, FailureKind kind);

  // --- the bolts ---
  void effect(Origin origin, Effect effect);

 private:
  enum class State : std::uint8_t { kOpen, kAcked, kFailed, kExpired };
  struct Attempt {
    std::uint32_t life = 0;
    bool is_of_quiet = false;  // nothing failed any more when it was emitted
    State state = State::kOpen;
    std::uint32_t effects = 0;
  };
  [[nodiscard]] Attempt& at(Origin origin) { return attempts_[origin.message][origin.attempt]; }
  [[nodiscard]] static std::uint32_t expected(std::uint32_t message);
  [[nodiscard]] static std::string names_of(std::uint32_t effects);
  void expect(bool condition, Origin origin, std::string_view otherwise);

  testing::World& world_;
  std::vector<std::vector<Attempt>> attempts_;  // by message
  std::vector<bool> done_;                      // durable
  std::uint32_t left_;
};

}  // namespace bora::simulation
