#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <unordered_map>

/// What every contestant computes: source -> Celsius to Fahrenheit -> running mean per device ->
/// checksum. The floors and the engine's bolts call the same functions, so that a difference
/// between two contestants is a difference in how tuples are handed over, and in nothing else.
namespace bora::bench {

inline constexpr std::uint64_t kDevices = 1024;

/// The small tuple, 32 bytes.
struct SmallReading {
  std::int64_t device_id;
  double temperature;
  std::int32_t battery;
  std::int64_t ts_ms;
};
static_assert(sizeof(SmallReading) == 32);

/// The tuple of the main chain, 40 bytes: it carries the time at which it should have been sent, on
/// the monotonic clock. Throughput runs leave that at zero.
struct Reading {
  std::int64_t device_id;
  double temperature;
  std::int32_t battery;
  std::int64_t ts_ms;
  std::int64_t due_ns;
};
static_assert(sizeof(Reading) == 40);

/// The same with 120 bytes of payload inline, 160 bytes.
struct PayloadReading {
  std::int64_t device_id;
  double temperature;
  std::int32_t battery;
  std::int64_t ts_ms;
  std::int64_t due_ns;
  std::array<char, 120> payload;
};
static_assert(sizeof(PayloadReading) == 160);

/// Writes the `index`-th tuple of the input, a pure function of the index: 1,024 devices in a
/// scattered order (Fibonacci hashing), as many gateways would interleave them.
template <class T>
inline void make_reading(std::uint64_t index, T& out) noexcept {
  out.device_id = static_cast<std::int64_t>((index * 0x9E3779B97F4A7C15ULL) >> 54U);
  out.temperature = static_cast<double>(index & 511U) * 0.125 - 32.0;
  out.battery = static_cast<std::int32_t>(index & 127U);
  out.ts_ms = 1'700'000'000'000 + static_cast<std::int64_t>(index);
  if constexpr (requires { out.due_ns; }) out.due_ns = 0;
  if constexpr (requires { out.payload; }) {
    out.payload.fill('r');
    std::memcpy(out.payload.data(), &index, sizeof index);
  }
}

[[nodiscard]] inline double to_fahrenheit(double celsius) noexcept { return celsius * 1.8 + 32.0; }

/// The state of the keyed operator. std::unordered_map, because that is what a bolt's author writes.
class RunningMean {
 public:
  RunningMean() { devices_.reserve(kDevices); }

  /// Takes the next value of a device, returns the mean of all of its values so far.
  [[nodiscard]] double next(std::int64_t device_id, double value) {
    State& state = devices_[device_id];
    state.sum += value;
    state.count += 1.0;
    return state.sum / state.count;
  }

 private:
  struct State {
    double sum = 0;
    double count = 0;
  };
  std::unordered_map<std::int64_t, State> devices_;
};

/// What the sink keeps. The sum is over integers, so it does not depend on the order between
/// devices; it does depend on the order within a device, through the running mean.
class Checksum {
 public:
  template <class T>
  void add(const T& reading) noexcept {
    sum_ += std::bit_cast<std::uint64_t>(reading.temperature) ^
            (static_cast<std::uint64_t>(reading.device_id) * 0x9E3779B97F4A7C15ULL);
    sum_ += static_cast<std::uint64_t>(reading.ts_ms) + static_cast<std::uint64_t>(reading.battery);
    if constexpr (requires { reading.payload; }) {
      std::uint64_t stamp = 0;
      std::memcpy(&stamp, reading.payload.data(), sizeof stamp);
      sum_ += stamp + static_cast<std::uint64_t>(reading.payload.back());
    }
    ++count_;
  }
  /// Adds something that is no reading, by a hash of all that counts.
  void add_hash(std::uint64_t hash) noexcept {
    sum_ += hash;
    ++count_;
  }
  /// Adds what another sink task kept.
  void add(const Checksum& other) noexcept {
    sum_ += other.sum_;
    count_ += other.count_;
  }

  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace bora::bench
