#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

/// What all contestants of the comparison are given, and the operators by hand: floors, bolts and the
/// oracle call the same functions.
namespace bora::peers {

inline constexpr std::uint64_t kWordsPerSentence = 5;
inline constexpr std::int64_t kWindowMs = 1'000;

/// A reading. 32 bytes.
struct Sample {
  std::int64_t device = 0;
  double value = 0;
  std::int64_t time_ms = 0;
  std::int64_t due_ns = 0;  ///< Monotonic; 0 in a closed loop.
};

struct Sentence {
  std::string text;
  std::int64_t due_ns = 0;
};

[[nodiscard]] constexpr std::uint32_t scatter(std::uint64_t i) noexcept {
  return static_cast<std::uint32_t>(i * 2654435761ULL);
}
[[nodiscard]] constexpr std::int64_t device_of(std::uint64_t i, std::uint64_t keys) noexcept {
  return static_cast<std::int64_t>(scatter(i) % keys);
}
[[nodiscard]] constexpr std::uint32_t word_of(std::uint64_t sentence, std::uint64_t nth) noexcept {
  return scatter(sentence * kWordsPerSentence + nth) % 1000;
}

inline void make_tuple(std::uint64_t i, std::uint64_t keys, Sample& out) noexcept {
  out.device = device_of(i, keys);
  out.value = 20.0 + static_cast<double>(i % 1000) * 0.01;
  out.time_ms = static_cast<std::int64_t>(i);
}
inline void make_tuple(std::uint64_t i, std::uint64_t /*keys*/, Sentence& out) {
  out.text.clear();
  for (std::uint64_t nth = 0; nth < kWordsPerSentence; ++nth) {
    if (nth > 0) out.text.push_back(' ');
    out.text.push_back('w');
    const fmt::format_int number{word_of(i, nth)};
    out.text.append(number.data(), number.size());
  }
}

[[nodiscard]] inline double to_fahrenheit(double celsius) noexcept { return celsius * 1.8 + 32.0; }

/// Outputs of a graph, counted and added up.
struct Tally {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::uint64_t key, std::uint64_t value) noexcept {
    ++count;
    sum += key + value;
  }
  void add(std::int64_t key, double value) noexcept {
    add(static_cast<std::uint64_t>(key), std::bit_cast<std::uint64_t>(value));
  }
  bool operator==(const Tally&) const = default;
};

class RunningMean {
 public:
  [[nodiscard]] double next(std::int64_t device, double value) {
    State& state = devices_[device];
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

/// The mean of the last 64 values of each device, with the one that is given.
class MovingMean {
 public:
  [[nodiscard]] double next(std::int64_t device, double value) {
    State& state = devices_[device];
    if (state.last.size() < kLength) {
      state.last.push_back(value);
    } else {
      state.sum -= state.last[state.oldest];
      state.last[state.oldest] = value;
      state.oldest = (state.oldest + 1) % kLength;
    }
    state.sum += value;
    return state.sum / static_cast<double>(state.last.size());
  }
  [[nodiscard]] static bool is_spike(double value, double mean) noexcept {
    return value > mean * 1.2;
  }

 private:
  static constexpr std::size_t kLength = 64;
  struct State {
    std::vector<double> last;
    std::size_t oldest = 0;
    double sum = 0;
  };
  std::unordered_map<std::int64_t, State> devices_;
};

/// Of so many tuples, those in windows that a later tuple has closed.
[[nodiscard]] constexpr std::uint64_t in_closed_windows(std::uint64_t tuples) noexcept {
  return tuples == 0 ? 0 : (tuples - 1) / kWindowMs * kWindowMs;
}

}  // namespace bora::peers
