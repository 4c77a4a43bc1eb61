#include "topologies/parts/dead_letters_part.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "connectors/http/target.hpp"
#include "host/control_routes.hpp"
#include "host/log_format.hpp"
#include "host/redact.hpp"
#include "spouts/dead_letter.hpp"
#include "topologies/parts/dead_letter_replay.hpp"

namespace bora::parts {

namespace {

using http::Request;
using http::Response;
using Json = nlohmann::ordered_json;

constexpr std::size_t kShown = 50;
constexpr std::size_t kMostShown = 200;

Response answer(int status, const Json& json) {
  // Keys, headers and payloads may hold any bytes.
  Response response = http::json(status, json.dump(-1, ' ', false, Json::error_handler_t::replace));
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

/// A topic of dead letters at one moment.
struct Letters {
  std::vector<log::PartitionStats> partitions = {};
  std::uint64_t kept = 0;
  std::uint64_t waiting = 0;  ///< Not replayed yet.
};

// Of one that was never written to, nothing.
Letters letters_of(const log::LogStats& stats, const std::string& topic) {
  const std::string name = dead_letter_topic(topic);
  Letters letters;
  for (const log::TopicStats& known : stats.topics)
    if (known.topic == name) letters.partitions = known.partitions;
  for (const log::PartitionStats& partition : letters.partitions)
    letters.kept += static_cast<std::uint64_t>(partition.end_offset - partition.start_offset);
  letters.waiting = letters.kept;
  for (const log::GroupStats& group : stats.groups)
    if (group.topic == name && group.group == replay_group(name)) letters.waiting = group.lag;
  return letters;
}

Json letters_json(const std::string& topic, const Letters& letters) {
  return {{"topic", topic}, {"letters", letters.kept}, {"waiting", letters.waiting}};
}

/// When it was given up; its own time when a header does not say.
WallTime given_up(const Record& letter) {
  const std::string name = std::string{kDeadLetterPrefix} + "failed-at";
  for (const RecordHeader& header : letter.headers) {
    if (header.key != name) continue;
    std::int64_t ms = 0;
    const char* const end = header.value.data() + header.value.size();
    if (std::from_chars(header.value.data(), end, ms).ptr == end) return from_millis(ms);
  }
  return letter.timestamp;
}

Json letter_json(const SourceRecord& letter) {
  Json json{{"partition", letter.position.partition},
            {"offset", letter.position.offset},
            {"at", host::format_time(given_up(letter.record))}};
  if (letter.record.key) json["key"] = *letter.record.key;
  Json& headers = json["headers"] = Json::object();
  for (const RecordHeader& header : letter.record.headers)
    headers[header.key] = host::sounds_secret(header.key) ? "***" : header.value;
  host::Redacted value = host::redacted(letter.record.value);
  json["value"] = std::move(value.text);
  if (value.is_cut) json["is_cut"] = true;
  return json;
}

std::optional<std::size_t> limit_in(const Request& request) {
  const auto text = http::find_in_query(request.query, "limit");
  if (!text) return kShown;
  std::size_t limit = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (fault != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return limit >= 1 && limit <= kMostShown ? std::optional{limit} : std::nullopt;
}

Response unknown(const std::string& topic) {
  return http::problem(
      404, "this process has no topic " + topic + " with dead letters: see /api/v1/dead-letters");
}

}  // namespace

/// One replay, on a thread of its own.
class DeadLettersPart::Replay {
 public:
  Replay(DeadLettersPart& part, std::string topic, std::vector<std::int64_t> ends)
      : part_(part),
        topic_(std::move(topic)),
        thread_([this, ends = std::move(ends)] { run(ends); }) {}
  ~Replay() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  [[nodiscard]] bool is_done() const noexcept { return is_done_.load(std::memory_order_acquire); }

 private:
  void run(const std::vector<std::int64_t>& ends) {
    const std::string letters = dead_letter_topic(topic_);
    const auto source = part_.log_.connections(letters, replay_group(letters)).source(0);
    const auto sink = part_.log_.sinks()(0);
    const auto done =
        replay_letters({.ends = ends, .fallback_topic = topic_},
                       {.letters = *source,
                        .sink = *sink,
                        .clock = part_.clock_,
                        .wait = [this](std::chrono::nanoseconds time) { rest(time); },
                        .is_stopping = [this] { return rest(std::chrono::nanoseconds{0}); },
                        .on_progress = [](const ReplayedLetters&) {}});
    const std::string said = done ? std::to_string(done->replayed) + " letters written"
                                  : std::string{done.error().message};
    if (part_.host_.log)
      part_.host_.log(done ? host::LogLevel::kInfo : host::LogLevel::kError,
                      "replay of the dead letters of " + topic_ + ": " + said);
    is_done_.store(true, std::memory_order_release);  // acquired by is_done()
  }
  /// True when the part stops.
  bool rest(std::chrono::nanoseconds at_most) {
    std::unique_lock lock(mutex_);
    if (at_most.count() > 0) changed_.wait_for(lock, at_most, [this] { return is_stopping_; });
    return is_stopping_;
  }

  DeadLettersPart& part_;
  const std::string topic_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;  // guarded by mutex_
  std::atomic<bool> is_done_{false};
  std::thread thread_;  // last: it uses all of the above
};

DeadLettersPart::DeadLettersPart(std::vector<std::string> topics, LogPart& log, const Clock& clock)
    : topics_(std::move(topics)), log_(log), clock_(clock) {}
DeadLettersPart::~DeadLettersPart() = default;

void DeadLettersPart::stop(std::chrono::milliseconds) {
  const std::lock_guard lock(mutex_);
  replays_.clear();
}

void DeadLettersPart::add_routes(host::ControlRoutes& routes) {
  routes.get("/api/v1/dead-letters", [this](const Request&) { return list(); });
  routes.get("/api/v1/dead-letters/{topic}",
             [this](const Request& request) { return show(request); });
  routes.change(http::Method::kPost, "/api/v1/dead-letters/{topic}/replay", "dead_letters.replay",
                [this](const Request& request) { return replay(request); });
}

bool DeadLettersPart::knows(const std::string& topic) const {
  return std::find(topics_.begin(), topics_.end(), topic) != topics_.end();
}

Response DeadLettersPart::list() const {
  const log::LogStats stats = log_.log().stats();
  Json json;
  Json& topics = json["topics"] = Json::array();
  for (const std::string& topic : topics_)
    topics.push_back(letters_json(topic, letters_of(stats, topic)));
  return answer(200, json);
}

Response DeadLettersPart::show(const Request& request) const {
  const std::string& topic = request.parameter("topic");
  if (!knows(topic)) return unknown(topic);
  const auto limit = limit_in(request);
  if (!limit) return http::problem(400, "limit is a whole number from 1 to 200");
  const Letters letters = letters_of(log_.log().stats(), topic);
  std::vector<SourceRecord> records;
  for (std::uint32_t p = 0; p < letters.partitions.size(); ++p) {
    const log::PartitionStats& partition = letters.partitions[p];
    const auto from =
        std::max(partition.start_offset, partition.end_offset - static_cast<std::int64_t>(*limit));
    const auto read = log_.log().read(dead_letter_topic(topic), p, from, *limit, records);
    if (!read) return http::problem(503, read.error().message);
  }
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return given_up(a.record) > given_up(b.record);
  });
  if (records.size() > *limit) records.resize(*limit);
  Json json;
  Json& list = json["letters"] = Json::array();
  for (const SourceRecord& letter : records)
    list.push_back(letter_json(letter));
  return answer(200, json);
}

Response DeadLettersPart::replay(const Request& request) {
  const std::string& topic = request.parameter("topic");
  if (!knows(topic)) return unknown(topic);
  const Letters letters = letters_of(log_.log().stats(), topic);
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Replay>& replay = replays_[topic];
  if (replay && !replay->is_done())
    return http::problem(
        409,
        "a replay of " + topic + " is at work: wait until /api/v1/dead-letters shows none waiting");
  std::vector<std::int64_t> ends;
  for (const log::PartitionStats& partition : letters.partitions)
    ends.push_back(partition.end_offset);
  replay.reset();
  if (letters.waiting > 0) replay = std::make_unique<Replay>(*this, topic, std::move(ends));
  return answer(202, letters_json(topic, letters));
}

}  // namespace bora::parts
