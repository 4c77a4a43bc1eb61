#include "bora/testing/world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bora/failure.hpp"
#include "bora/stable_hash.hpp"

namespace bora::testing {

namespace {
constexpr std::chrono::hours kMonotonicStart{1};
/// A Tuesday in November 2023; any time would do that is not near the epoch.
constexpr std::chrono::seconds kWallStart{1'700'000'000};
}  // namespace

World::SimulatedClock::SimulatedClock() noexcept
    : instant(kMonotonicStart), wall_offset(kWallStart - kMonotonicStart) {}

WallTime World::SimulatedClock::wall_now() const noexcept {
  return WallTime{
      std::chrono::floor<std::chrono::milliseconds>(instant.time_since_epoch() + wall_offset)};
}

World::World(std::uint64_t seed) : seed_(seed), dice_(seed), chance_(dice_.fork()) {}

void World::pass(std::chrono::nanoseconds time) {
  clock_.instant += time;
  let_others_run();
}

void World::let_others_run() {
  if (others_ && alive_) others_();
}

bool World::fails(std::uint32_t n, std::string_view what) {
  let_others_run();
  if (quiet_ || !chance_.one_in(n)) return false;
  note(stable_hash(what));
  tell(what);
  return true;
}

void World::may_throw(std::uint32_t n, std::string_view what) {
  if (!fails(n, what)) return;
  if (chance_.one_in(3)) throw Unavailable(std::string(what));
  throw std::runtime_error(std::string(what));
}

bool World::persists() {
  if (!alive_) return false;
  if (effects_left_ != 0 && --effects_left_ == 0) {
    tell("the process crashes before an effect");
    alive_ = false;
  }
  note(alive_ ? 1 : 2);
  return alive_;
}

void World::later(std::chrono::nanoseconds within, std::function<void()> work) {
  const auto delay = dice_.below(static_cast<std::uint64_t>(within.count()) + 1);
  work_.push_back({clock_.instant + std::chrono::nanoseconds{delay}, works_++, std::move(work)});
}

void World::expect(bool condition, std::string_view otherwise) {
  // What a process does after its crash, nobody can see.
  if (condition || !alive_) return;
  violations_.push_back("life " + std::to_string(life_) + ", step " + std::to_string(step_) + ": " +
                        std::string(otherwise));
}

void World::note(std::uint64_t value) noexcept { hash_ = stable_hash(hash_ ^ stable_hash(value)); }

void World::tell(std::string_view what) {
  if (trace_) trace_("  " + std::string(what));
}

std::optional<Instant> World::next_work() const {
  if (work_.empty()) return std::nullopt;
  return std::min_element(work_.begin(), work_.end(),
                          [](const Work& a, const Work& b) { return a.due < b.due; })
      ->due;
}

bool World::run_work() {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < work_.size(); ++i)
    if (work_[i].due <= clock_.instant) due.push_back(i);
  if (due.empty()) return false;
  const auto at = work_.begin() + static_cast<std::ptrdiff_t>(due[chance_.below(due.size())]);
  Work work = std::move(*at);
  work_.erase(at);
  note(work.order);
  work.run();
  return true;
}

void World::start_life() {
  ++life_;
  alive_ = true;
  effects_left_ = 0;
}

}  // namespace bora::testing
