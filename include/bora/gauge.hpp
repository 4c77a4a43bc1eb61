#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace bora {

/// One number that a component shows to operators, beside what the engine counts.
struct Gauge {
  enum class Kind : std::uint8_t {
    kCounter,  ///< Only grows.
    kLevel,    ///< Goes up and down.
  };
  std::string_view name;  ///< snake_case, with its unit; a literal.
  Kind kind = Kind::kLevel;
  std::int64_t value = 0;
};

/// A number that one thread writes and any thread reads: what a component keeps for its gauges().
class OwnedCount {
 public:
  // Relaxed, and no read-modify-write: there is one writer, and readers want a recent value of each
  // number by itself.
  void add(std::uint64_t n = 1) noexcept { set(get() + n); }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] Gauge as_counter(std::string_view name) const noexcept {
    return {name, Gauge::Kind::kCounter, static_cast<std::int64_t>(get())};
  }
  [[nodiscard]] Gauge as_level(std::string_view name) const noexcept {
    return {name, Gauge::Kind::kLevel, static_cast<std::int64_t>(get())};
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace bora
