#include "topologies/parts/log_part.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "connectors/log/log_sink.hpp"
#include "connectors/log/log_source.hpp"
#include "connectors/log/log_table_source.hpp"
#include "connectors/rocksdb/errors.hpp"
#include "topologies/parts/tapped.hpp"

namespace bora::parts {

namespace {
constexpr std::chrono::minutes kRetentionEvery{1};
}  // namespace

/// Calls enforce_retention() from time to time.
class LogPart::Keeper {
 public:
  Keeper(log::TopicLog& log, const Clock& clock)
      : log_(log), clock_(clock), thread_([this] { run(); }) {}
  ~Keeper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kRetentionEvery, [this] { return stopping_; })) {
      lock.unlock();
      log_.enforce_retention(clock_.wall_now()).status().ignore("tried again in a minute");
      lock.lock();
    }
  }

  log::TopicLog& log_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

LogPart::LogPart(log::LogOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}
LogPart::~LogPart() = default;

Status LogPart::start() {
  auto opened = log::TopicLog::open(options_, clock_);
  if (!opened) {
    const Error& error = opened.error();
    if (error.message.find(store::kOpenAlready) == std::string::npos) return error;
    // Whoever starts a second program on it wants topics that are shared.
    return Error{error.kind,
                 error.message +
                     ". The embedded log has one owner at a time: programs that run at the "
                     "same time share topics in Kafka (topics=kafka://HOST:PORT), and "
                     "`coldchain run` is all of them in one process"};
  }
  log_ = std::move(opened).value();
  keeper_ = std::make_unique<Keeper>(*log_, clock_);
  return {};
}

void LogPart::stop(std::chrono::milliseconds) {
  keeper_.reset();
  log_.reset();
}

std::vector<host::Sample> LogPart::samples() const {
  std::vector<host::Sample> samples;
  if (!log_) return samples;
  const log::LogStats stats = log_->stats();
  const auto add = [&](std::string name, std::string help, host::Sample::Kind kind, double value,
                       std::vector<std::pair<std::string, std::string>> labels) {
    samples.push_back({.name = std::move(name),
                       .help = std::move(help),
                       .kind = kind,
                       .labels = std::move(labels),
                       .value = value});
  };
  for (const log::GroupStats& group : stats.groups)
    add("topic_log_group_lag_records", "Records after the committed offset.",
        host::Sample::Kind::kGauge, static_cast<double>(group.lag),
        {{"topic", group.topic}, {"group", group.group}});
  add("topic_log_appended_records_total", "Records made durable since the start.",
      host::Sample::Kind::kCounter, static_cast<double>(stats.appended_records), {});
  add("topic_log_queued_bytes", "Bytes appended and not yet durable.", host::Sample::Kind::kGauge,
      static_cast<double>(stats.queued_bytes), {});
  return samples;
}

RecordConnections LogPart::connections(std::string topic, std::string group) {
  return {.source =
              [this, topic = std::move(topic), group = std::move(group)](std::uint32_t) {
                return tapped(taps_,
                              std::make_unique<log::LogSource>(
                                  log(), log::LogSourceOptions{.topic = topic, .group = group}));
              },
          .dead_letters = sinks()};
}

std::function<std::unique_ptr<RecordSource>()> LogPart::table(std::string topic) {
  return [this, topic = std::move(topic)] {
    // A topic that is read as a table is compacted, whoever made it before that was known. If that
    // fails, so does the source's open(), with the same words.
    log::TopicOptions compacted;
    compacted.cleanup = log::Cleanup::kCompact;
    log().create_topic(topic, compacted).ignore("open() says so too");
    return std::make_unique<log::LogTableSource>(log(), topic);
  };
}

std::function<std::unique_ptr<RecordSource>()> LogPart::whole(std::string topic) {
  return [this, topic = std::move(topic)] {
    return std::make_unique<log::LogTableSource>(log(), topic);
  };
}

std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> LogPart::sinks() {
  return [this](std::uint32_t) { return tapped(taps_, std::make_unique<log::LogSink>(log())); };
}

}  // namespace bora::parts
