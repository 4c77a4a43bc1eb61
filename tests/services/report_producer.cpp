#include "services/report_producer.hpp"

#include <algorithm>
#include <deque>
#include <vector>

#include "connectors/kafka/kafka_sink.hpp"

namespace bora::services {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

Record report(std::uint64_t number) {
  constexpr std::uint64_t kDevices = 50;
  const std::string device = std::to_string(number % kDevices);
  Record record;
  record.key = device;
  record.value = R"({"gateway":{"id":7,"token":"B12F31EBDDF2D982895195964FEAB0065031430B"},)"
                 R"("device":{"id":)" +
                 device + R"(,"auth":64089519511846157},"reading":{"temp":4.5,"time":)" +
                 std::to_string(1466380800123 + number) + R"(,"batt":90}})";
  return record;
}

}  // namespace

ReportProducer::ReportProducer(std::string brokers, std::string topic, std::uint32_t per_second)
    : brokers_(std::move(brokers)),
      topic_(std::move(topic)),
      per_second_(per_second),
      last_(Steady::now()),
      thread_([this] { work(); }) {}

bool ReportProducer::finish(std::chrono::seconds patience) {
  give_up_ = Steady::now() + patience;
  stop_appending();
  return is_complete_;
}

void ReportProducer::stop_appending() {
  if (give_up_.load() == SteadyTime::max()) give_up_ = Steady::now();
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

milliseconds ReportProducer::longest_silence() const {
  const std::lock_guard lock{mutex_};
  return std::max(longest_, std::chrono::duration_cast<milliseconds>(Steady::now() - last_));
}

void ReportProducer::note_acknowledgement() {
  const std::lock_guard lock{mutex_};
  const SteadyTime now = Steady::now();
  longest_ = std::max(longest_, std::chrono::duration_cast<milliseconds>(now - last_));
  last_ = now;
}

void ReportProducer::work() {
  kafka::KafkaSink sink{{.kafka = {.brokers = brokers_}}};
  std::deque<std::uint64_t> to_append;
  std::vector<RecordSink::Delivery> deliveries;
  std::uint64_t open = 0;  // appended, without an outcome
  const SteadyTime began = Steady::now();
  while (Steady::now() < give_up_.load()) {
    if (!is_stopping_) {
      const auto due = static_cast<std::uint64_t>(
          std::chrono::duration<double>(Steady::now() - began).count() * per_second_);
      while (appended_ < due)
        to_append.push_back(appended_++);
    }
    while (!to_append.empty() &&
           sink.append(topic_, report(to_append.front()), to_append.front())) {
      to_append.pop_front();
      ++open;
    }
    deliveries.clear();
    sink.poll(deliveries);
    for (const RecordSink::Delivery& one : deliveries) {
      --open;
      if (one.status) {
        acknowledged_.emplace(one.partition, one.offset);
        note_acknowledgement();
      } else {
        ++failed_;
        to_append.push_back(one.tag);
      }
    }
    if (is_stopping_ && open == 0 && to_append.empty()) {
      is_complete_ = true;
      return;
    }
    std::this_thread::sleep_for(milliseconds{5});
  }
}

}  // namespace bora::services
