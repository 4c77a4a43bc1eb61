#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bora/record.hpp"

namespace bora::testing {

/// What record_conformance.cpp tests: built once with each kind of topics.
class TopicsUnderTest {
 public:
  virtual ~TopicsUnderTest() = default;
  /// A new topic; returns its name.
  [[nodiscard]] virtual std::string make_topic(std::uint32_t partitions) = 0;
  [[nodiscard]] virtual std::unique_ptr<RecordSource> source(const std::string& topic,
                                                             const std::string& group) = 0;
  [[nodiscard]] virtual std::unique_ptr<RecordSink> sink() = 0;
};

/// Defined by the test program.
[[nodiscard]] std::unique_ptr<TopicsUnderTest> make_topics_under_test();

}  // namespace bora::testing
