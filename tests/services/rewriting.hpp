#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/topics.hpp"
#include "e2e/program.hpp"
#include "support/temporary_directory.hpp"

namespace bora::services {

/// Two topics on the real broker, and processes that rewrite from one to the other.
/// Threads: single-owner. Fails: throws or ends the test.
class Rewriting {
 public:
  static constexpr std::uint32_t kPartitions = 3;
  enum class Isolation : std::uint8_t { kCommitted, kUncommitted };
  using Counts = std::map<std::string, std::size_t>;  // by value

  /// `delivery` as rewrite_process takes it.
  explicit Rewriting(const std::string& name, std::string delivery = "exactly_once");

  /// A process whose name to the brokers is its number.
  [[nodiscard]] std::unique_ptr<e2e::Program> start(int number);
  /// Numbers from the last one on, as values, with themselves as keys.
  void produce(std::uint64_t records);
  void produce(const std::string& value);
  [[nodiscard]] std::uint64_t produced() const noexcept { return produced_; }

  /// What is in the topic of the results up to now, or in that of the dead letters.
  [[nodiscard]] Counts results(Isolation isolation) const { return read(to_, isolation); }
  [[nodiscard]] Counts letters(Isolation isolation) const {
    return read(from_ + ".dlq", isolation);
  }
  /// Waits until a reader of committed records sees so many different values.
  [[nodiscard]] Counts wait_for(std::uint64_t values, std::chrono::seconds patience) const;
  /// Records in the topic that is read.
  [[nodiscard]] std::int64_t ends();
  /// Records that the group has not committed; -1: not known.
  [[nodiscard]] std::int64_t uncommitted();

 private:
  [[nodiscard]] Counts read(const std::string& topic, Isolation isolation) const;

  std::string delivery_;
  std::string brokers_;
  std::string from_;
  std::string to_;
  testing::TemporaryDirectory directory_;
  std::unique_ptr<kafka::TopicAdmin> admin_;
  kafka::KafkaSink sink_;
  std::uint64_t produced_ = 0;
};

/// Values that are there more than once.
[[nodiscard]] std::size_t repeated(const Rewriting::Counts& counts);

}  // namespace bora::services
