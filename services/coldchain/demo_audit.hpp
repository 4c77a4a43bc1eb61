#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/gateway/simulation.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

namespace bora::demo {

/// Messages that should be in one place, and those that are; told in any order.
/// Threads: single-owner.
class Tally {
 public:
  void expect(std::string_view message);
  void find(std::string_view message);

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
  std::unordered_map<std::string, Times> messages_;
  std::uint64_t expected_ = 0;
  std::uint64_t found_ = 0;
};

/// One line of the result.
struct AuditRow {
  std::string what;  ///< "device 101", "clock_skew"
  std::uint64_t expected = 0;
  std::uint64_t found = 0;
  std::string fault;  ///< "2 missing, 1 doubled"; empty when all agrees.
};

struct AuditResult {
  std::vector<AuditRow> devices;  ///< By device id.
  std::vector<AuditRow> reasons;  ///< By reason; refused records of both ways in.
  [[nodiscard]] bool agrees() const noexcept;
};

/// Compares what was sent with what became of it, message by message and byte for byte: each message
/// that is a report must be archived under its device as often as it was sent, each of the others must
/// be refused for its reason, and nothing else may be anywhere.
/// Threads: single-owner.
class Audit {
 public:
  /// One record that was sent. `rejected`: the reason for which it must be refused.
  void sent(coldchain::DeviceId device_id, std::string_view message,
            std::optional<coldchain::RejectReason> rejected);
  /// One entry of the archive.
  void archived(coldchain::DeviceId device_id, std::string_view message);
  /// One record that was refused: a dead letter, or a line that the ingest did not take.
  void refused(std::string_view reason, std::string_view message);

  /// `expectation` is the simulation's own account: the numbers must agree with it too.
  [[nodiscard]] AuditResult compare(const gateway::Expectation& expectation) const;

 private:
  std::map<coldchain::DeviceId, Tally> devices_;
  std::map<std::string, Tally, std::less<>> reasons_;
};

}  // namespace bora::demo
