#include "services/coldchain/demo_audit.hpp"

#include <algorithm>

namespace bora::demo {

namespace {

void add_fault(std::string& faults, std::uint64_t count, const std::string& what) {
  if (count == 0) return;
  if (!faults.empty()) faults += ", ";
  faults += std::to_string(count) + " " + what;
}

AuditRow row_of(Place place, const std::string& kind, const Tally& tally) {
  AuditRow row{place, kind, tally.expected(), tally.found(), {}};
  add_fault(row.fault, tally.missing(), "missing");
  add_fault(row.fault, tally.doubled(), "doubled");
  add_fault(row.fault, tally.foreign(), "unexpected");
  return row;
}

}  // namespace

void Tally::expect(std::string_view item) {
  ++items_[std::string{item}].expected;
  ++expected_;
}

void Tally::find(std::string_view item) {
  ++items_[std::string{item}].found;
  ++found_;
}

std::uint64_t Tally::missing() const noexcept {
  std::uint64_t missing = 0;
  for (const auto& [item, times] : items_)
    missing += times.expected - std::min(times.expected, times.found);
  return missing;
}

std::uint64_t Tally::doubled() const noexcept {
  std::uint64_t doubled = 0;
  for (const auto& [item, times] : items_)
    if (times.expected > 0) doubled += times.found - std::min(times.expected, times.found);
  return doubled;
}

std::uint64_t Tally::foreign() const noexcept {
  std::uint64_t foreign = 0;
  for (const auto& [item, times] : items_)
    if (times.expected == 0) foreign += times.found;
  return foreign;
}

bool AuditResult::agrees() const noexcept {
  return std::all_of(rows.begin(), rows.end(),
                     [](const AuditRow& row) { return row.fault.empty(); });
}

Tally& Audit::tally(Place place, std::string_view kind) {
  return tallies_[{place, std::string{kind}}];
}

void Audit::expect(Place place, std::string_view kind, std::string_view item) {
  tally(place, kind).expect(item);
}

void Audit::find(Place place, std::string_view kind, std::string_view item) {
  tally(place, kind).find(item);
}

AuditResult Audit::compare() const {
  AuditResult result;
  for (const Place place : kPlaces)
    for (const auto& [key, tally] : tallies_)
      if (key.first == place) result.rows.push_back(row_of(place, key.second, tally));
  return result;
}

}  // namespace bora::demo
