#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bora/record.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/raw/archive_writer.hpp"

/// What tests of the raw topology feed it, and what they put in the archive's place.
namespace bora::raw::testing {

/// The moment at which gateways measure in these tests.
inline constexpr std::int64_t kMeasuredMillis = 1'700'000'000'000;

/// Report number `n` of a device: no two are alike.
[[nodiscard]] inline coldchain::Report report_of(std::uint64_t device, std::uint64_t n) {
  return {.device_id = coldchain::DeviceId{device},
          .gateway_id = coldchain::GatewayId{device % 3 + 1},
          .temperature = static_cast<double>(n % 80) / 10,
          .time = from_millis(kMeasuredMillis + static_cast<std::int64_t>(n)),
          .battery = static_cast<std::uint8_t>(n % 101),
          .device_secret = coldchain::DeviceSecret{7},
          .gateway_secret = coldchain::GatewaySecret{"B12F31EBDDF2D982895195964FEAB0065031430B"}};
}

/// A record of topic `reports`, received a second after `measured`.
[[nodiscard]] inline Record record_of(std::uint64_t device, std::string value,
                                      std::int64_t measured = kMeasuredMillis) {
  return {coldchain::record_key(coldchain::DeviceId{device}),
          std::move(value),
          {},
          from_millis(measured + 1000)};
}

[[nodiscard]] inline Record report_record(std::uint64_t device, std::uint64_t n) {
  std::string value;
  coldchain::write_report(report_of(device, n), value);
  return record_of(device, std::move(value), kMeasuredMillis + static_cast<std::int64_t>(n));
}

/// An archive in memory, which goes away when it is told to.
/// Threads: thread-safe.
class MemoryArchive final : public ArchiveWriter {
 public:
  using Place = std::pair<std::uint32_t, std::int64_t>;  // partition, offset

  Status put(std::span<const ArchiveEntry> entries) override {
    const std::lock_guard lock{mutex_};
    ++puts_;
    if (!failure_.is_ok()) return failure_;
    for (const ArchiveEntry& entry : entries) {
      std::string& message = messages_[{entry.partition, entry.offset}];
      if (!message.empty()) ++repeated_;
      message = entry.message;
    }
    return {};
  }

  /// Every put() fails with this, until come_back().
  void go_away(ErrorKind kind = ErrorKind::kUnavailable) {
    const std::lock_guard lock{mutex_};
    failure_ = Status{kind, "the archive of this test is away"};
  }
  void come_back() {
    const std::lock_guard lock{mutex_};
    failure_ = {};
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return messages_.size();
  }
  [[nodiscard]] std::map<Place, std::string> messages() const {
    const std::lock_guard lock{mutex_};
    return messages_;
  }
  [[nodiscard]] std::uint64_t puts() const {
    const std::lock_guard lock{mutex_};
    return puts_;
  }
  /// Entries that were put again.
  [[nodiscard]] std::uint64_t repeated() const {
    const std::lock_guard lock{mutex_};
    return repeated_;
  }

 private:
  mutable std::mutex mutex_;
  Status failure_;
  std::map<Place, std::string> messages_;
  std::uint64_t puts_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace bora::raw::testing
