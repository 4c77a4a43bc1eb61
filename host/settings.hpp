#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "bora/status.hpp"
#include "host/secret.hpp"
#include "host/url.hpp"

namespace bora::host {

/// Smallest and largest value that a setting takes; both are allowed.
template <class T>
struct Bounds {
  T min;
  T max;
};

/// The settings of a program: each has a name, a type, a sentence about it, and a variable that it
/// fills. The variable's value at bind() is the default, so an options struct is the one place where
/// defaults stand.
///
///   struct RawOptions {
///     bora::host::Url topics;
///     std::chrono::milliseconds linger{5};
///   } options;
///   settings.bind("topics", options.topics, "where the topics are", {"log", "kafka"});
///   settings.bind("archive.linger", options.linger, "longest wait for a batch to fill", {1ms, 10s});
///
/// Names are lower_snake parts joined by dots. Binding a name twice is a broken invariant.
///
/// Threads: single-owner.
/// Lifetime: bound variables outlive the Settings and stay where they are.
class Settings {
 public:
  Settings() = default;
  Settings(Settings&&) noexcept = default;
  Settings& operator=(Settings&&) noexcept = default;

  /// `choices`, when given, are the only values taken.
  void bind(std::string name, std::string& target, std::string about,
            std::vector<std::string> choices = {});
  void bind(std::string name, bool& target, std::string about);
  void bind(std::string name, double& target, std::string about, Bounds<double> bounds);
  void bind(std::string name, Secret& target, std::string about);
  /// `schemes`, when given, are the only ones taken.
  void bind(std::string name, Url& target, std::string about,
            std::vector<std::string> schemes = {});
  /// A count.
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  void bind(std::string name, I& target, std::string about,
            Bounds<std::int64_t> bounds = whole<I>());
  /// A duration; what is finer than its unit is refused, not rounded.
  template <class Rep, class Period>
  void bind(std::string name, std::chrono::duration<Rep, Period>& target, std::string about,
            Bounds<std::chrono::nanoseconds> bounds = {std::chrono::nanoseconds{0},
                                                       std::chrono::hours{24 * 365}});
  /// A size in bytes.
  void bind_bytes(std::string name, std::size_t& target, std::string about,
                  Bounds<std::uint64_t> bounds = {0, std::numeric_limits<std::int64_t>::max()});
  /// Every setting whose name begins with `prefix` and a dot, for properties that another library
  /// names: with the prefix "kafka", `kafka.client.id` is target["client.id"]. Whoever uses the map
  /// checks its names. Those that sound like a password, secret or private key are masked.
  void bind_map(std::string prefix, std::map<std::string, std::string>& target, std::string about);

  /// One setting as `config` and `--help` show it.
  struct Entry {
    std::string name;
    std::string type;
    std::string about;
    std::string default_text = {};
    std::string value = {};          ///< Effective, secrets masked.
    std::string origin = "default";  ///< "etc/raw.yaml:3", "BORA__ARCHIVE__LINGER", "--set".
  };
  /// In the order of binding, maps last: an entry for each name that was given, or, when none was,
  /// one called `prefix.*`.
  [[nodiscard]] std::vector<Entry> entries() const;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// Whether there is such a setting and its value is masked.
  [[nodiscard]] bool is_secret(std::string_view name) const noexcept;

  /// Gives one setting a value. Fails, naming `origin`, when there is no such setting (with the
  /// nearest name) or it does not take `text`; the variable is then unchanged.
  Status set(std::string_view name, std::string_view text, const std::string& origin);

 private:
  /// Takes a text or says why not.
  using Take = std::function<Status(std::string_view text)>;
  using Print = std::function<std::string()>;

  struct Slot {
    Entry entry;
    Take take;
    Print print;
  };

  struct Family {
    Entry entry;         ///< Of `prefix.*`.
    std::string prefix;  ///< With its dot.
    std::map<std::string, std::string>* target = nullptr;
    std::map<std::string, std::string> origins = {};
  };

  template <class I>
  static constexpr Bounds<std::int64_t> whole() noexcept;
  [[nodiscard]] const Family* family_of(std::string_view name) const noexcept;
  void add(Slot slot);
  void bind_integer(std::string name, std::string about, Bounds<std::int64_t> bounds,
                    std::function<void(std::int64_t)> assign, std::function<std::int64_t()> read);
  void bind_duration(std::string name, std::string about, Bounds<std::chrono::nanoseconds> bounds,
                     std::chrono::nanoseconds unit,
                     std::function<void(std::chrono::nanoseconds)> assign,
                     std::function<std::chrono::nanoseconds()> read);

  std::vector<Slot> slots_;
  std::vector<Family> families_;
};

template <class I>
constexpr Bounds<std::int64_t> Settings::whole() noexcept {
  using Limits = std::numeric_limits<I>;
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return {static_cast<std::int64_t>(Limits::min()), std::cmp_greater(Limits::max(), kMost)
                                                        ? kMost
                                                        : static_cast<std::int64_t>(Limits::max())};
}

template <std::integral I>
  requires(!std::same_as<I, bool>)
void Settings::bind(std::string name, I& target, std::string about, Bounds<std::int64_t> bounds) {
  const Bounds<std::int64_t> fits = whole<I>();
  bind_integer(
      std::move(name), std::move(about),
      {bounds.min < fits.min ? fits.min : bounds.min,
       bounds.max > fits.max ? fits.max : bounds.max},
      [&target](std::int64_t value) { target = static_cast<I>(value); },
      [&target] { return static_cast<std::int64_t>(target); });
}

template <class Rep, class Period>
void Settings::bind(std::string name, std::chrono::duration<Rep, Period>& target, std::string about,
                    Bounds<std::chrono::nanoseconds> bounds) {
  using Duration = std::chrono::duration<Rep, Period>;
  bind_duration(
      std::move(name), std::move(about), bounds,
      std::chrono::duration_cast<std::chrono::nanoseconds>(Duration{1}),
      [&target](std::chrono::nanoseconds value) {
        target = std::chrono::duration_cast<Duration>(value);
      },
      [&target] { return std::chrono::duration_cast<std::chrono::nanoseconds>(target); });
}

}  // namespace bora::host
