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
constexpr std::chrono::seconds kReadAtMost{3};
// Brokers that are away are not waited for by every request.
constexpr std::chrono::seconds kAskAgainAfter{2};

Response answer(int status, const Json& json) {
  // Keys, headers and payloads may hold any bytes.
  Response response = http::json(status, json.dump(-1, ' ', false, Json::error_handler_t::replace));
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
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

/// Nothing depends on where partitions are.
struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

Response failed(const Status& status) { return http::problem(503, status.message()); }

Response unknown(const std::string& topic) {
  return http::problem(
      404, "this process has no topic " + topic + " with dead letters: see /api/v1/dead-letters");
}

}  // namespace

/// A topic of dead letters at one moment. Of one that was never written to, nothing.
struct DeadLettersPart::Letters {
  std::vector<std::int64_t> ends = {};  ///< By partition.
  std::uint64_t kept = 0;
  std::uint64_t waiting = 0;  ///< Not replayed yet.

  [[nodiscard]] Json json(const std::string& topic) const {
    return {{"topic", topic}, {"letters", kept}, {"waiting", waiting}};
  }
};

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
    const auto beside = part_.topics_.connections_beside(letters, replay_group(letters));
    const auto source = beside.source(0);
    const auto sink = beside.dead_letters(0);
    const auto done =
        replay_letters({.ends = ends, .fallback_topic = topic_},
                       {.letters = *source,
                        .sink = *sink,
                        .clock = part_.clock_,
                        .wait = [this](std::chrono::nanoseconds time) { rest(time); },
                        .is_stopping = [this] { return rest(std::chrono::nanoseconds{0}); },
                        .on_progress = [](const ReplayedLetters&) {}});
    std::string said = done ? std::to_string(done->replayed) + " letters written"
                            : std::string{done.error().message};
    if (done && done->replayed == 0 && !done->was_stopped)
      said +=
          ": another process replays them, or was killed while it did, which brokers notice "
          "within a minute; try again then";
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

DeadLettersPart::DeadLettersPart(std::vector<std::string> names, TopicsPart& topics,
                                 const Clock& clock)
    : names_(std::move(names)), topics_(topics), clock_(clock) {}
DeadLettersPart::~DeadLettersPart() = default;

void DeadLettersPart::stop(std::chrono::milliseconds) {
  const std::lock_guard lock(mutex_);
  replays_.clear();
  tools_.reset();
}

void DeadLettersPart::add_routes(host::ControlRoutes& routes) {
  routes.get("/api/v1/dead-letters", [this](const Request&) { return list(); });
  routes.get("/api/v1/dead-letters/{topic}",
             [this](const Request& request) { return show(request); });
  routes.change(http::Method::kPost, "/api/v1/dead-letters/{topic}/replay", "dead_letters.replay",
                [this](const Request& request) { return replay(request); });
}

bool DeadLettersPart::knows(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

/// Requires: mutex_ is locked.
Result<DeadLettersPart::Letters> DeadLettersPart::find(const std::string& name) {
  if (!failure_ && clock_.now() < ask_not_before_) return failure_;
  auto found = ask(name);
  failure_ = found.status();
  if (!failure_) ask_not_before_ = clock_.now() + kAskAgainAfter;
  return found;
}

Result<DeadLettersPart::Letters> DeadLettersPart::ask(const std::string& name) {
  if (!tools_) {
    auto made = topics_.tools();
    if (!made) return made.status();
    tools_ = *std::move(made);
  }
  const std::string topic = dead_letter_topic(name);
  auto ends = tools_->ends(topic);
  if (!ends && ends.error().kind == ErrorKind::kNotFound) return Letters{};
  if (!ends) return ends.status();
  // A group that never was has everything before it.
  const auto kept = tools_->lag(topic, topic + ".nobody");
  if (!kept) return kept.status();
  const auto waiting = tools_->lag(topic, replay_group(topic));
  if (!waiting) return waiting.status();
  return Letters{.ends = *std::move(ends), .kept = *kept, .waiting = *waiting};
}

Response DeadLettersPart::list() {
  const std::lock_guard lock(mutex_);
  Json json;
  Json& topics = json["topics"] = Json::array();
  for (const std::string& name : names_) {
    const auto letters = find(name);
    if (!letters) return failed(letters.status());
    topics.push_back(letters->json(name));
  }
  return answer(200, json);
}

Result<std::vector<SourceRecord>> DeadLettersPart::read_newest(const std::string& name,
                                                               std::size_t limit) {
  const std::string topic = dead_letter_topic(name);
  const auto source = topics_.newest(topic, static_cast<std::int64_t>(limit))();
  NoListener listener;
  if (Status opened = source->open(listener, [] {}); !opened) return opened;
  std::vector<SourceRecord> records;
  Status fault;
  for (const Instant began = clock_.now(); fault && source->lag() != std::uint64_t{0};) {
    const auto polled = source->poll(kMostShown, records);
    if (!polled) {
      fault = polled.status();
    } else if (*polled == 0 && clock_.now() - began >= kReadAtMost) {
      fault = {ErrorKind::kUnavailable,
               "could not read " + topic + " within 3 s: ask again, or see to the brokers"};
    } else if (*polled == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
  source->close();
  if (!fault) return fault;
  return records;
}

Response DeadLettersPart::show(const Request& request) {
  const std::string& name = request.parameter("topic");
  if (!knows(name)) return unknown(name);
  const auto limit = limit_in(request);
  if (!limit) return http::problem(400, "limit is a whole number from 1 to 200");
  const std::lock_guard lock(mutex_);
  const auto letters = find(name);
  if (!letters) return failed(letters.status());
  std::vector<SourceRecord> records;
  if (letters->kept > 0) {
    auto read = read_newest(name, *limit);
    if (!read) return failed(read.status());
    records = *std::move(read);
  }
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    const WallTime one = given_up(a.record);
    const WallTime other = given_up(b.record);
    return one != other ? one > other : a.position.offset > b.position.offset;
  });
  if (records.size() > *limit) records.resize(*limit);
  Json json;
  Json& list = json["letters"] = Json::array();
  for (const SourceRecord& letter : records)
    list.push_back(letter_json(letter));
  return answer(200, json);
}

Response DeadLettersPart::replay(const Request& request) {
  const std::string& name = request.parameter("topic");
  if (!knows(name)) return unknown(name);
  const std::lock_guard lock(mutex_);
  const auto letters = find(name);
  if (!letters) return failed(letters.status());
  std::unique_ptr<Replay>& replay = replays_[name];
  if (replay && !replay->is_done())
    return http::problem(
        409,
        "a replay of " + name + " is at work: wait until /api/v1/dead-letters shows none waiting");
  replay.reset();
  if (letters->waiting > 0) replay = std::make_unique<Replay>(*this, name, letters->ends);
  return answer(202, letters->json(name));
}

}  // namespace bora::parts
