#include "topologies/parts/dead_letter_replay.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "spouts/dead_letter.hpp"

namespace bora::parts {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// The most that a killed replay does again.
constexpr std::size_t kBatch = 100;
constexpr milliseconds kPause{5};
constexpr milliseconds kMostWait{100};
constexpr std::chrono::seconds kProgressEvery{1};

std::string topic_of(const Record& letter, const std::string& fallback) {
  const std::string name = std::string{kDeadLetterPrefix} + "topic";
  // A key may repeat; the last one counts.
  const auto header = std::find_if(letter.headers.rbegin(), letter.headers.rend(),
                                   [&](const RecordHeader& h) { return h.key == name; });
  return header == letter.headers.rend() ? fallback : header->value;
}

class Run final : private AssignmentListener {
 public:
  Run(const DeadLetterReplayRequest& request, const DeadLetterReplayWorld& world)
      : request_(request), world_(world), start_(world.clock.now()), last_change_(start_) {}

  Result<ReplayedLetters> all() {
    if (Status opened = world_.letters.open(*this, [] {}); !opened) return opened;
    Status failure;
    while (failure && !is_done()) {
      if (world_.is_stopping()) {
        done_.was_stopped = true;
        break;
      }
      failure = step();
    }
    world_.letters.close();
    world_.on_progress(done_);
    if (!failure) return failure;
    return done_;
  }

 private:
  struct Share {
    std::uint32_t epoch = 0;
    std::int64_t next = 0;
  };

  void on_assigned(std::uint32_t partition, std::uint32_t epoch, std::int64_t next) override {
    shares_[partition] = {epoch, next};
  }
  void on_revoked(std::uint32_t partition, std::uint32_t /*epoch*/, Leave /*how*/) override {
    shares_.erase(partition);
  }

  /// Everything below the ends was read. Another replay of the group may have the other partitions.
  [[nodiscard]] bool is_done() const {
    if (shares_.empty()) return is_tired();
    const bool reached = std::all_of(shares_.begin(), shares_.end(), [&](const auto& share) {
      return share.first >= request_.ends.size() || share.second.next >= request_.ends[share.first];
    });
    // Offsets have holes, so the last one may never come.
    return reached || is_tired();
  }
  [[nodiscard]] bool is_tired() const {
    return world_.clock.now() - last_change_ >= request_.patience;
  }

  Status step() {
    records_.clear();
    const auto polled = world_.letters.poll(kBatch, records_);
    if (!polled && !polled.error().message.empty() && !polled.status().is_retryable())
      return polled.status();
    std::erase_if(records_, [&](const SourceRecord& r) {
      const bool is_new = r.position.partition < request_.ends.size() &&
                          r.position.offset >= request_.ends[r.position.partition];
      if (is_new) pass(r.position);
      return is_new;
    });
    if (records_.empty()) {
      world_.wait(kPause);
      return {};
    }
    last_change_ = world_.clock.now();
    for (const SourceRecord& letter : records_) {
      if (Status sent = send(letter); !sent) return sent;
    }
    if (Status delivered = finish(); !delivered) return delivered;
    return commit();
  }

  /// Past the end: seen, and left for the next replay.
  void pass(const RecordPosition& position) {
    const auto share = shares_.find(position.partition);
    if (share != shares_.end()) share->second.next = std::max(share->second.next, position.offset);
  }

  void wait_for_turn() {
    if (request_.rate <= 0) return;
    const auto due = start_ + nanoseconds{static_cast<std::int64_t>(
                                  static_cast<double>(done_.read) / request_.rate * 1e9)};
    for (Instant now = world_.clock.now(); now < due && !world_.is_stopping();
         now = world_.clock.now())
      world_.wait(std::min<nanoseconds>(due - now, kMostWait));
  }

  Status send(const SourceRecord& letter) {
    wait_for_turn();
    const std::string topic = topic_of(letter.record, request_.fallback_topic);
    const Instant first_try = world_.clock.now();
    for (;;) {
      Status taken = world_.sink.append(
          topic, revived(letter.record, std::string{world_.letters.topic()}, letter.position),
          done_.read);
      if (taken) {
        ++done_.read;
        ++waiting_;
        return {};
      }
      if (!taken.is_retryable() || world_.clock.now() - first_try >= request_.patience)
        return taken;
      world_.wait(kPause);
      if (Status collected = collect(); !collected) return collected;
    }
  }

  Status collect() {
    deliveries_.clear();
    world_.sink.poll(deliveries_);
    for (RecordSink::Delivery& delivery : deliveries_) {
      --waiting_;
      if (!delivery.status) return std::move(delivery.status);
    }
    return {};
  }

  Status finish() {
    const Instant first_try = world_.clock.now();
    while (waiting_ > 0) {
      world_.sink.flush(kMostWait).ignore("the deliveries say what became of each record");
      if (Status collected = collect(); !collected) return collected;
      if (waiting_ > 0 && world_.clock.now() - first_try >= request_.patience)
        return {ErrorKind::kUnavailable,
                std::to_string(waiting_) +
                    " replayed letters have no answer; run the replay again, which may write them "
                    "a second time"};
      if (waiting_ > 0) world_.wait(kPause);
    }
    return {};
  }

  Status commit() {
    std::map<std::uint32_t, CommitRequest> requests;
    for (const SourceRecord& letter : records_) {
      const RecordPosition& at = letter.position;
      const auto share = shares_.find(at.partition);
      if (share == shares_.end() || share->second.epoch != at.epoch) continue;
      share->second.next = at.offset + 1;
      requests[at.partition] = {at.partition, at.epoch, at.offset + 1};
    }
    std::vector<CommitRequest> all;
    for (const auto& [partition, request] : requests)
      all.push_back(request);
    if (Status committed = world_.letters.commit(all); !committed) return committed;
    done_.replayed += records_.size();
    if (world_.clock.now() - last_shown_ >= kProgressEvery) {
      last_shown_ = world_.clock.now();
      world_.on_progress(done_);
    }
    return {};
  }

  const DeadLetterReplayRequest& request_;
  const DeadLetterReplayWorld& world_;
  const Instant start_;
  Instant last_change_;
  Instant last_shown_{};
  std::map<std::uint32_t, Share> shares_;
  std::vector<SourceRecord> records_;
  std::vector<RecordSink::Delivery> deliveries_;
  std::uint64_t waiting_ = 0;
  ReplayedLetters done_;
};

}  // namespace

std::string replay_group(const std::string& letter_topic) { return letter_topic + ".replay"; }

Record revived(const Record& letter, const std::string& letter_topic,
               const RecordPosition& position) {
  Record record = letter;
  std::erase_if(record.headers, [](const RecordHeader& header) {
    return header.key.starts_with(kDeadLetterPrefix) || header.key == "replayed-from";
  });
  record.headers.push_back({"replayed-from", letter_topic + "/" +
                                                 std::to_string(position.partition) + "/" +
                                                 std::to_string(position.offset)});
  return record;
}

Result<ReplayedLetters> replay_letters(const DeadLetterReplayRequest& request,
                                       const DeadLetterReplayWorld& world) {
  return Run{request, world}.all();
}

}  // namespace bora::parts
