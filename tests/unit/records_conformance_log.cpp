#include "connectors/log/log_sink.hpp"
#include "connectors/log/log_source.hpp"
#include "support/record_conformance.hpp"
#include "support/topic_log_fixture.hpp"

namespace bora::testing {
namespace {

class LogTopics final : public TopicsUnderTest {
 public:
  std::string make_topic(std::uint32_t partitions) override {
    std::string name = "topic-" + std::to_string(++topics_);
    log::TopicOptions options;
    options.partitions = partitions;
    const Status made = log().create_topic(name, options);
    BORA_CHECK(made.is_ok(), made.message());
    return name;
  }
  std::unique_ptr<RecordSource> source(const std::string& topic,
                                       const std::string& group) override {
    return std::make_unique<log::LogSource>(log(),
                                            log::LogSourceOptions{.topic = topic, .group = group});
  }
  std::unique_ptr<RecordSink> sink() override { return std::make_unique<log::LogSink>(log()); }

 private:
  log::TopicLog& log() { return fixture_.log != nullptr ? *fixture_.log : fixture_.open(); }
  log::testing::LogFixture fixture_;
  int topics_ = 0;
};

}  // namespace

std::unique_ptr<TopicsUnderTest> make_topics_under_test() { return std::make_unique<LogTopics>(); }

}  // namespace bora::testing
