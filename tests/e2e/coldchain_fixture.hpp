#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bora/status.hpp"
#include "connectors/http/client.hpp"
#include "e2e/program.hpp"
#include "support/temporary_directory.hpp"

namespace bora::e2e {

inline constexpr std::uint64_t kDevices = 16;

/// `coldchain run` on a directory of its own, started as often as a test likes.
/// Threads: single-owner.
class Coldchain {
 public:
  Coldchain() = default;
  /// On this directory, which may be on another file system.
  explicit Coldchain(std::filesystem::path data) : data_(std::move(data)) {}

  /// Starts it on free ports with these settings on top; returns at once.
  Program& start(const std::vector<std::string>& settings = {});
  /// Writes that many devices, and the gateways, of Reports into the registry, which must not be open: so
  /// their reports are accepted. Before the first start.
  void register_devices(std::uint64_t devices = kDevices);
  /// Waits until it is ready. False when it ended or took too long.
  bool wait_ready();
  [[nodiscard]] Program& program() { return *program_; }
  void kill() { program_->kill(); }
  /// SIGTERM; the exit code, or -1 when it did not end.
  int stop();

  [[nodiscard]] std::uint16_t ingest_port() const;
  [[nodiscard]] std::uint16_t control_port() const;
  [[nodiscard]] std::uint16_t admin_port() const;
  [[nodiscard]] std::uint16_t gateway_port() const;
  /// One number of /metrics; -1 when there is none.
  [[nodiscard]] double metric(const std::string& name_and_labels) const;
  /// Names and labels of all that /metrics shows. Empty when it does not answer.
  [[nodiscard]] std::set<std::string> series() const;
  /// Waits until every topology is done with every record. False when that took too long.
  bool wait_done();

  [[nodiscard]] std::filesystem::path data() const {
    return data_.empty() ? directory_.path() / "data" : data_;
  }
  [[nodiscard]] std::filesystem::path log_file() const { return directory_.path() / "log"; }
  /// Everything that all runs wrote.
  [[nodiscard]] std::string log() const;

 private:
  testing::TemporaryDirectory directory_;
  const std::filesystem::path data_ = {};  // empty: in directory_
  std::unique_ptr<Program> program_;
};

/// A client's answer, or kUnavailable.
[[nodiscard]] Result<http::Response> post(std::uint16_t port, const std::string& body);

/// Reports of simulated devices, all different.
class Reports {
 public:
  /// Of devices 1, 2, ... in turn.
  explicit Reports(std::string name, std::uint64_t devices = kDevices)
      : name_(std::move(name)), devices_(devices) {}
  [[nodiscard]] std::string next();

 private:
  const std::string name_;
  const std::uint64_t devices_;
  std::uint64_t number_ = 0;
};

/// Settings that make the process gateway 1 of register_devices(), too, on a free port.
[[nodiscard]] std::vector<std::string> gateway_settings();
/// What a device of register_devices() says to its gateway, with a name to tell it by.
[[nodiscard]] std::string device_message(const std::string& name, std::uint64_t device);

/// What lies in the data of a process that has ended. No faults: every record of topic `reports`
/// is in the archive exactly once, every message of `accepted` is among them; each is a reading, or
/// rejected, once at least; every reading is a point of each curve, and no others are there; and there
/// is no alert and no dead letter.
struct DataFacts {
  std::uint64_t records = 0;   ///< In the topic.
  std::uint64_t entries = 0;   ///< In the archive.
  std::uint64_t repeated = 0;  ///< Records whose message an earlier record has.
  std::uint64_t readings =
      0;  ///< In topic `readings`; more than records when a kill repeated some.
  std::uint64_t rejected = 0;  ///< In topic `reports.rejected`.
  std::uint64_t points = 0;    ///< Of the curve of temperatures.
  std::vector<std::string> faults;
};
[[nodiscard]] DataFacts check_data(const std::filesystem::path& data,
                                   const std::vector<std::string>& accepted);

/// The secrets of the reports above that stand in `text`. Empty is good.
[[nodiscard]] std::vector<std::string> secrets_in(const std::string& text);

}  // namespace bora::e2e
