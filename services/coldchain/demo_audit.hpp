#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bora::demo {

/// Items that should be in one place, and those that are; told in any order.
/// Threads: single-owner.
class Tally {
 public:
  void expect(std::string_view item);
  void find(std::string_view item);

  [[nodiscard]] std::uint64_t expected() const noexcept { return expected_; }
  [[nodiscard]] std::uint64_t found() const noexcept { return found_; }
  /// Expected, and not found.
  [[nodiscard]] std::uint64_t missing() const noexcept;
  /// Found more often than expected.
  [[nodiscard]] std::uint64_t doubled() const noexcept;
  /// Found, and never expected here.
  [[nodiscard]] std::uint64_t foreign() const noexcept;

 private:
  struct Times {
    std::uint64_t expected = 0;
    std::uint64_t found = 0;
  };
  std::unordered_map<std::string, Times> items_;
  std::uint64_t expected_ = 0;
  std::uint64_t found_ = 0;
};

/// Where a record, or what was made of it, ends up.
enum class Place : std::uint8_t {
  kArchive,
  kReadings,     ///< Topic `readings`.
  kCurves,       ///< Points of the series store.
  kRejected,     ///< Topic `reports.rejected`, by reason.
  kDeadLetters,  ///< Topics `*.dlq`, by reason.
  kRefused,      ///< By the HTTP ingest, by reason.
  kAlerts,       ///< Topic `alerts`, by kind.
  kNotified,     ///< Notifications sent, by kind of alert.
};
inline constexpr std::array kPlaces{Place::kArchive,  Place::kReadings, Place::kCurves,
                                    Place::kRejected, Place::kRefused,  Place::kDeadLetters,
                                    Place::kAlerts,   Place::kNotified};

/// One line of the result.
struct AuditRow {
  Place place{};
  std::string kind;  ///< "clock_skew", "too_hot"
  std::uint64_t expected = 0;
  std::uint64_t found = 0;
  std::string fault;  ///< "2 missing, 1 doubled"; empty when all agrees.
};

struct AuditResult {
  std::vector<AuditRow> rows;  ///< By place, as kPlaces has them, and kind.
  [[nodiscard]] bool agrees() const noexcept;
};

/// Compares what must have become of everything that was sent with what is there, item by item: each as
/// often as expected, under the kind expected, and nothing else anywhere.
/// Threads: single-owner.
class Audit {
 public:
  /// `item` names a thing wherever it is; what must agree of it is part of its name.
  void expect(Place place, std::string_view kind, std::string_view item);
  void find(Place place, std::string_view kind, std::string_view item);

  [[nodiscard]] AuditResult compare() const;

 private:
  Tally& tally(Place place, std::string_view kind);

  std::map<std::pair<Place, std::string>, Tally> tallies_;
};

}  // namespace bora::demo
