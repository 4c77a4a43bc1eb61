#include "tests/simulation/graph_ledger.hpp"

#include <array>

namespace bora::simulation {

namespace {
constexpr auto kEffects = static_cast<std::uint32_t>(Effect::kCount);
constexpr std::uint32_t bit(Effect effect) { return 1U << static_cast<std::uint32_t>(effect); }
/// Done again when the write, or the window, before it is tried again.
constexpr std::uint32_t kMayRepeat =
    bit(Effect::kQuad) | bit(Effect::kBatch) | bit(Effect::kWindow) | bit(Effect::kEvent);
}  // namespace

std::string_view to_string(Effect effect) noexcept {
  static constexpr std::array<std::string_view, kEffects> kNames{
      "part 0", "part 1",     "part 2",     "part 0 again", "part 1 again", "part 2 again",
      "extra",  "audit 0",    "audit 1",    "pair",         "quad",         "held",
      "picked", "noted item", "noted pair", "window",       "event window", "batch"};
  return kNames[static_cast<std::uint32_t>(effect)];
}

GraphLedger::GraphLedger(testing::World& world, std::uint32_t messages)
    : world_(world), attempts_(messages), done_(messages, false), left_(messages) {}

Origin GraphLedger::emit(std::uint32_t message) {
  auto& attempts = attempts_[message];
  attempts.push_back({world_.life(), world_.is_quiet(), State::kOpen, 0});
  return {message, static_cast<std::uint32_t>(attempts.size() - 1)};
}

std::string GraphLedger::names_of(std::uint32_t effects) {
  std::string names;
  for (std::uint32_t i = 0; i < kEffects; ++i)
    if ((effects & (1U << i)) != 0)
      names += (names.empty() ? "" : ", ") + std::string(to_string(static_cast<Effect>(i)));
  return names;
}

std::vector<std::string> GraphLedger::open() const {
  std::vector<std::string> lines;
  for (std::uint32_t message = 0; message < messages(); ++message) {
    if (done_[message] || attempts_[message].empty()) continue;
    const Attempt& last = attempts_[message].back();
    lines.push_back("message " + std::to_string(message) + ", emission " +
                    std::to_string(attempts_[message].size() - 1) +
                    " is not done; missing: " + names_of(expected(message) & ~last.effects));
  }
  return lines;
}

std::uint32_t GraphLedger::expected(std::uint32_t message) {
  std::uint32_t all = (1U << kEffects) - 1;
  for (std::uint32_t part = parts_of(message); part < 3; ++part)
    all &= ~((1U << part) | (1U << (static_cast<std::uint32_t>(Effect::kAgain0) + part)));
  return all;
}

void GraphLedger::expect(bool condition, Origin origin, std::string_view otherwise) {
  if (condition) return;
  world_.expect(false, "message " + std::to_string(origin.message) + ", emission " +
                           std::to_string(origin.attempt) + ": " + std::string(otherwise));
}

void GraphLedger::acked(Origin origin) {
  Attempt& attempt = at(origin);
  expect(attempt.life == world_.life(), origin, "acked, but it was emitted before the crash");
  expect(attempt.state == State::kOpen, origin, "acked, but it was acked or failed before");
  attempt.state = State::kAcked;
  const std::uint32_t lacking = expected(origin.message) & ~attempt.effects;
  if (lacking != 0)
    expect(false, origin, "acked before it was done; missing: " + names_of(lacking));
  if (!world_.persists() || done_[origin.message]) return;
  done_[origin.message] = true;
  --left_;
}

void GraphLedger::failed(Origin origin, FailureKind kind) {
  Attempt& attempt = at(origin);
  expect(attempt.life == world_.life(), origin, "failed, but it was emitted before the crash");
  expect(attempt.state == State::kOpen, origin, "failed, but it was acked or failed before");
  expect(kind != FailureKind::kExpired || !attempt.is_of_quiet, origin,
         "expired, although nothing hangs");
  attempt.state = kind == FailureKind::kExpired ? State::kExpired : State::kFailed;
}

void GraphLedger::effect(Origin origin, Effect effect) {
  if (origin.message == kNoMessage || !world_.persists()) return;
  Attempt& attempt = at(origin);
  const std::string name(to_string(effect));
  expect(attempt.life == world_.life(), origin,
         name + " was done for an emission before the crash");
  expect(attempt.state != State::kAcked, origin, name + " was done after the ack");
  expect(attempt.state != State::kFailed, origin, name + " was done after the failure");
  expect((attempt.effects & bit(effect)) == 0 || (kMayRepeat & bit(effect)) != 0, origin,
         name + " was done twice");
  attempt.effects |= bit(effect);
}

}  // namespace bora::simulation
