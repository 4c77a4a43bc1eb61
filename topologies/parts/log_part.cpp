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
#include "topologies/parts/log_topic_tools.hpp"
#include "topologies/parts/tapped.hpp"

namespace bora::parts {

namespace {
constexpr std::chrono::seconds kLookEvery{1};
constexpr int kLooksARetention = 60;
}  // namespace

/// Does what the log wants done from time to time.
class LogPart::Keeper {
 public:
  using Say = std::function<void(host::LogLevel, std::string_view)>;
  Keeper(log::TopicLog& log, const Clock& clock, Say say)
      : log_(log), clock_(clock), say_(std::move(say)), thread_([this] { run(); }) {}
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
    for (auto looks = 1; !changed_.wait_for(lock, kLookEvery, [this] { return stopping_; });
         ++looks) {
      lock.unlock();
      look_at_disk();
      if (looks % kLooksARetention == 0)
        log_.enforce_retention(clock_.wall_now()).status().ignore("tried again in a minute");
      lock.lock();
    }
  }
  void look_at_disk() {
    const std::string failure = log_.failure();
    if (!failure.empty() && !has_failed_) say_(host::LogLevel::kError, failure);
    if (failure.empty() && has_failed_) say_(host::LogLevel::kInfo, "the disk takes writes again");
    has_failed_ = !failure.empty();
    if (has_failed_) log_.probe().ignore("tried again at the next look");
  }

  log::TopicLog& log_;
  const Clock& clock_;
  const Say say_;
  bool has_failed_ = false;  // the thread's own: said, and not over
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

LogPart::LogPart(log::LogOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}
LogPart::~LogPart() = default;

void LogPart::attach(host::ServiceHost host) {
  taps_ = host.taps;
  if (host.log) say_ = std::move(host.log);
}

std::optional<std::string> LogPart::unready() const {
  std::string failure = log_ ? log_->failure() : std::string{};
  if (failure.empty()) return std::nullopt;
  return failure;
}

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
  keeper_ = std::make_unique<Keeper>(*log_, clock_, say_);
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

std::function<std::unique_ptr<RecordSource>()> LogPart::newest(std::string topic,
                                                               std::int64_t records) {
  return [this, topic = std::move(topic), records] {
    return std::make_unique<log::LogTableSource>(log(), topic, records);
  };
}

Result<std::unique_ptr<TopicTools>> LogPart::tools() {
  return std::unique_ptr<TopicTools>{std::make_unique<LogTopicTools>(log())};
}

std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> LogPart::sinks() {
  return [this](std::uint32_t) { return tapped(taps_, std::make_unique<log::LogSink>(log())); };
}

}  // namespace bora::parts
