#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/pipeline/raw_archive.hpp"

namespace bora::bench {

inline constexpr std::uint32_t kPartitions = 4;

/// A topic that is made, and removed with all it holds.
class BenchTopic {
 public:
  BenchTopic(std::string brokers, std::string name);
  ~BenchTopic();
  BenchTopic(const BenchTopic&) = delete;
  BenchTopic& operator=(const BenchTopic&) = delete;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::string brokers_;
  std::string name_;
};

/// A broker and the topics of this process in it: those of reports are filled once for each size.
///
/// Threads: single-owner.
class BenchTopics {
 public:
  static constexpr std::uint64_t kDevices = 1024;

  explicit BenchTopics(std::string brokers) : brokers_(std::move(brokers)) {}

  [[nodiscard]] const std::string& brokers() const noexcept { return brokers_; }
  /// The name of a topic that holds so many reports, as gateways write them, keyed by device.
  [[nodiscard]] const std::string& reports(std::uint64_t count);
  /// The same as readings, as authentication writes them.
  [[nodiscard]] const std::string& readings(std::uint64_t count);
  /// The same as entries of an archive, in the order in which a consumer got them.
  [[nodiscard]] const std::vector<RawEntry>& entries(std::uint64_t count);
  /// A new topic, empty.
  [[nodiscard]] std::unique_ptr<BenchTopic> make(const std::string& what);
  /// The name of a consumer group that nobody used.
  [[nodiscard]] std::string new_group();

 private:
  std::string brokers_;
  std::map<std::uint64_t, std::unique_ptr<BenchTopic>> reports_;
  std::map<std::uint64_t, std::unique_ptr<BenchTopic>> readings_;
  std::map<std::uint64_t, std::vector<RawEntry>> entries_;
  int made_ = 0;
};

}  // namespace bora::bench
