#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bora/clock.hpp"
#include "topologies/authentication/keyed_hash.hpp"
#include "topologies/authentication/secret_verifier.hpp"

namespace bora::authentication {

struct MemoOptions {
  /// How long the outcome of a check holds. Longer: fewer checks. Memory does not grow with it, as
  /// max_ids bounds that; a changed or deleted entry is noticed at once all the same.
  std::chrono::nanoseconds keep = std::chrono::hours{24};
  /// Most ids remembered, about 120 bytes each. Should be above the number of devices of a task, or
  /// they push each other out and are checked again and again.
  std::size_t max_ids = std::size_t{1} << 20;
  /// Most wrong secrets remembered, 24 bytes each.
  std::size_t max_wrong = std::size_t{1} << 14;
  /// Suspect checks that an id may ask for at once, and how long it takes to get back one of them.
  std::uint32_t suspect_checks = 5;
  std::chrono::nanoseconds suspect_refill = std::chrono::seconds{10};
};

/// What is known of credentials, so that a slow check is rare: which secret of an id was right, which
/// were wrong, and how many more an id may have checked. Knows tags only, no secrets. Bounded.
///
/// A secret that was right once is never counted against the budget of its id, nor is the first one
/// after the registry's entry changed; every other is suspect. So a flood of wrong secrets costs each id
/// its budget, and a right secret that was seen before passes by it.
///
/// Threads: single-owner.
class CredentialMemo {
 public:
  explicit CredentialMemo(MemoOptions options);

  enum class Answer : std::uint8_t { kRight, kWrong, kUnknown };
  [[nodiscard]] Answer ask(std::uint64_t id, const MemoTag& tag, Instant now) const;

  /// In which lane an unknown secret of `id` is to be checked; nothing when its budget is spent. Counts
  /// it. `generation` names the registry's hash: with another one, what was known of the id is void.
  [[nodiscard]] std::optional<CheckLane> admit(std::uint64_t id, std::uint64_t generation,
                                               const MemoTag& tag, Instant now);

  void remember_right(std::uint64_t id, const MemoTag& tag, Instant now);
  void remember_wrong(const MemoTag& tag, Instant now);

  [[nodiscard]] std::size_t ids() const noexcept { return ids_.size(); }

 private:
  struct Known {
    MemoTag right = {};
    Instant right_until{};  ///< Afterwards it has to be checked again, but stays known.
    std::uint64_t generation = 0;
    bool has_right = false;
    bool is_suspect = false;  ///< A check was asked for already.
    std::uint32_t left = 0;   ///< Suspect checks.
    Instant refilled{};
  };
  struct Wrong {
    MemoTag tag;
    Instant until{};
  };
  Known& known(std::uint64_t id);
  [[nodiscard]] bool take_from_budget(Known& known, Instant now) const;

  const MemoOptions options_;
  std::unordered_map<std::uint64_t, Known> ids_;
  std::vector<Wrong> wrong_;  // a tag has one place; who comes later takes it
};

}  // namespace bora::authentication
