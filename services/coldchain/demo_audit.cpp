#include "services/coldchain/demo_audit.hpp"

#include <algorithm>
#include <utility>

namespace bora::demo {

namespace {

void add_fault(std::string& faults, std::uint64_t count, const std::string& what) {
  if (count == 0) return;
  if (!faults.empty()) faults += ", ";
  faults += std::to_string(count) + " " + what;
}

AuditRow row_of(std::string what, const Tally& tally, std::uint64_t expected) {
  AuditRow row{std::move(what), expected, tally.found(), {}};
  add_fault(row.fault, tally.missing(), "missing");
  add_fault(row.fault, tally.doubled(), "doubled");
  add_fault(row.fault, tally.foreign(), "never sent");
  if (tally.expected() != expected) add_fault(row.fault, tally.expected(), "sent");
  return row;
}

/// A row for each key of either map.
template <class Tallies, class Counts, class Name>
std::vector<AuditRow> rows_of(const Tallies& tallies, Counts counts, Name name) {
  std::vector<AuditRow> rows;
  for (const auto& [key, tally] : tallies) {
    const auto count = counts.extract(key);
    rows.push_back(row_of(name(key), tally, count.empty() ? 0 : count.mapped()));
  }
  for (const auto& [key, count] : counts)
    rows.push_back({name(key), count, 0, std::to_string(count) + " neither sent nor found"});
  return rows;
}

}  // namespace

void Tally::expect(std::string_view message) {
  ++messages_[std::string{message}].expected;
  ++expected_;
}

void Tally::find(std::string_view message) {
  ++messages_[std::string{message}].found;
  ++found_;
}

std::uint64_t Tally::missing() const noexcept {
  std::uint64_t missing = 0;
  for (const auto& [message, times] : messages_)
    missing += times.expected - std::min(times.expected, times.found);
  return missing;
}

std::uint64_t Tally::doubled() const noexcept {
  std::uint64_t doubled = 0;
  for (const auto& [message, times] : messages_)
    if (times.expected > 0) doubled += times.found - std::min(times.expected, times.found);
  return doubled;
}

std::uint64_t Tally::foreign() const noexcept {
  std::uint64_t foreign = 0;
  for (const auto& [message, times] : messages_)
    if (times.expected == 0) foreign += times.found;
  return foreign;
}

bool AuditResult::agrees() const noexcept {
  const auto is_good = [](const AuditRow& row) { return row.fault.empty(); };
  return std::all_of(devices.begin(), devices.end(), is_good) &&
         std::all_of(reasons.begin(), reasons.end(), is_good);
}

void Audit::sent(coldchain::DeviceId device_id, std::string_view message,
                 std::optional<coldchain::RejectReason> rejected) {
  if (rejected)
    reasons_[std::string{coldchain::to_string(*rejected)}].expect(message);
  else
    devices_[device_id].expect(message);
}

void Audit::archived(coldchain::DeviceId device_id, std::string_view message) {
  devices_[device_id].find(message);
}

void Audit::refused(std::string_view reason, std::string_view message) {
  reasons_[std::string{reason}].find(message);
}

AuditResult Audit::compare(const gateway::Expectation& expectation) const {
  std::map<std::string, std::uint64_t, std::less<>> reasons;
  for (const auto& [reason, count] : expectation.rejected_by_reason)
    reasons.emplace(coldchain::to_string(reason), count);
  return {rows_of(devices_, expectation.archived_by_device,
                  [](coldchain::DeviceId id) { return "device " + coldchain::record_key(id); }),
          rows_of(reasons_, std::move(reasons), [](const std::string& reason) { return reason; })};
}

}  // namespace bora::demo
