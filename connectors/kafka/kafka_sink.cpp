#include "connectors/kafka/kafka_sink.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "bora/check.hpp"
#include "connectors/kafka/client.hpp"
#include "connectors/kafka/producing.hpp"

namespace bora::kafka {
namespace {

using std::chrono::milliseconds;

std::vector<Preset> presets_of(const KafkaSinkOptions& options) {
  return {
      {"enable.idempotence", "true"},
      {"partitioner", "murmur2_random"},  // librdkafka's own differs from Java's
      {"compression.codec", "lz4"},       // 0.2 us per record; JSON shrinks to a third
      {"linger.ms", "5"},
      {"delivery.timeout.ms", std::to_string(options.delivery_timeout.count())},
      {"queue.buffering.max.messages", std::to_string(options.max_queued_records)},
      {"queue.buffering.max.kbytes",
       std::to_string(std::max<std::size_t>(1, options.max_queued_bytes / 1024))},
      {"transactional.id", "", /* none */ "this sink writes outside transactions"},
  };
}

Result<Conf> conf_of(const KafkaSinkOptions& options) {
  return make_conf(options.kafka, Role::kProducer, presets_of(options));
}

std::size_t bytes_of(const Record& record) noexcept {
  return record.value.size() + (record.key ? record.key->size() : 0);
}

}  // namespace

/// The client and every record that has no outcome.
///
/// Invariants:
///  1. A record's bytes are lent to librdkafka, so its slot does not move and is not used again before
///     its delivery report was served, or the client is gone.
///  2. Each slot in use is either with librdkafka (is_sent) or in unsent_, which is in order of arrival
///     and all of it younger than what was sent.
class KafkaSink::Producer {
 public:
  explicit Producer(KafkaSinkOptions options) : options_(std::move(options)) {
    if (options_.stats == nullptr) options_.stats = std::make_shared<KafkaSinkStats>();
  }
  ~Producer() {
    set_wake({});
    stop();
    counts_.records = counts_.bytes = 0;
    show_counts();
  }

  Status append(std::string_view topic, Record record, Tag tag);
  std::size_t poll(std::vector<Delivery>& out);
  Status flush(milliseconds timeout);
  void set_wake(std::function<void()> wake) {
    const std::lock_guard lock{wake_mutex_};
    wake_ = std::move(wake);
  }

 private:
  struct Target {
    std::string name;
    Topic handle;  ///< Empty until used with the present client.
  };
  struct Slot {
    Record record;
    Target* target = nullptr;
    Tag tag = 0;
    std::uint64_t sequence = 0;
    bool is_used = false;
    bool is_sent = false;
  };
  struct Counts {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
    std::int64_t records = 0;  ///< Without an outcome, as the bytes.
    std::int64_t bytes = 0;
  };

  Status start();
  void stop();
  void recover_if_fatal();
  void send_unsent();
  Status send(Slot& slot);
  void deliver(Slot& slot, Status status, std::uint32_t partition, std::int64_t offset);
  void on_report(const rd_kafka_message_t& message);
  void release(Slot& slot);
  void show_counts();
  void wake();

  Slot& acquire();
  Target& target(std::string_view topic);
  [[nodiscard]] std::size_t in_use() const noexcept { return slots_.size() - free_.size(); }
  [[nodiscard]] KafkaSinkStats& stats() const noexcept { return *options_.stats; }

  static void on_report_of(rd_kafka_t*, const rd_kafka_message_t* message, void* client) {
    static_cast<Producer*>(Client::from(client).user())->on_report(*message);
  }
  static void on_event(rd_kafka_t*, void* producer) { static_cast<Producer*>(producer)->wake(); }

  KafkaSinkOptions options_;
  std::mutex wake_mutex_;
  std::function<void()> wake_;  // guarded by wake_mutex_: librdkafka's threads call it

  std::deque<Slot> slots_;  // a deque, so that they do not move
  std::vector<Slot*> free_;
  std::deque<Slot*> unsent_;
  Counts counts_;
  Counts shown_;  // as much of it as is in the stats
  std::uint64_t next_sequence_ = 0;
  std::vector<Delivery> delivered_;
  bool is_recovering_ = false;

  // Last: they go before the records that they borrow.
  std::unique_ptr<Client> client_;
  Queue events_;
  std::map<std::string, Target, std::less<>> targets_;
};

Status KafkaSink::Producer::start() {
  Result<Conf> conf = conf_of(options_);
  if (!conf) return conf.status();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), &Producer::on_report_of);
  auto client = Client::start(Role::kProducer, *std::move(conf), options_.kafka, this);
  if (!client) return client.status();
  client_ = *std::move(client);
  events_.reset(rd_kafka_queue_get_main(client_->get()));
  rd_kafka_queue_cb_event_enable(events_.get(), &Producer::on_event, this);
  return {};
}

void KafkaSink::Producer::stop() {
  if (client_ == nullptr) return;
  rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
  events_.reset();
  for (auto& [name, target] : targets_)
    target.handle.reset();  // the client waits for them
  client_.reset();
}

Status KafkaSink::Producer::append(std::string_view topic, Record record, Tag tag) {
  recover_if_fatal();
  if (client_ == nullptr) {
    if (Status started = start(); !started) return started;
  }
  if (!unsent_.empty()) send_unsent();
  Slot& slot = acquire();
  slot.record = std::move(record);
  slot.target = &target(topic);
  slot.tag = tag;
  Status sent = unsent_.empty() ? send(slot)
                                : client_->translate(RD_KAFKA_RESP_ERR__QUEUE_FULL,
                                                     "append to topic " + slot.target->name);
  if (!sent) {
    stats().refused.fetch_add(1, std::memory_order_relaxed);
    release(slot);
    return sent;
  }
  slot.sequence = next_sequence_++;
  ++counts_.records;
  counts_.bytes += static_cast<std::int64_t>(bytes_of(slot.record));
  show_counts();
  return {};
}

Status KafkaSink::Producer::send(Slot& slot) {
  if (slot.target->handle == nullptr) {
    slot.target->handle.reset(
        rd_kafka_topic_new(client_->get(), slot.target->name.c_str(), nullptr));
    if (slot.target->handle == nullptr)
      return client_->translate(rd_kafka_last_error(), "use topic " + slot.target->name);
  }
  slot.is_sent = true;
  // Lent: the bytes stay here anyway, to be sent again.
  const rd_kafka_resp_err_t code =
      produce(client_->get(), slot.target->handle.get(), slot.record, Payload::kLent, &slot);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  slot.is_sent = false;
  // A fatal client takes nothing; the next poll() makes it anew.
  if (code == RD_KAFKA_RESP_ERR__FATAL)
    return client_->translate(RD_KAFKA_RESP_ERR__QUEUE_FULL,
                              "append to topic " + slot.target->name);
  return client_->translate(code, "append to topic " + slot.target->name);
}

void KafkaSink::Producer::on_report(const rd_kafka_message_t& message) {
  Slot& slot = *static_cast<Slot*>(message._private);
  slot.is_sent = false;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    client_->forget_trouble();
    deliver(slot, {}, static_cast<std::uint32_t>(message.partition), message.offset);
    return;
  }
  if (is_recovering_ || rd_kafka_fatal_error(client_->get(), nullptr, 0) != 0) {
    unsent_.push_back(&slot);  // put in order when the client is made anew
    return;
  }
  deliver(slot, client_->translate(message.err, "write to topic " + slot.target->name), 0, 0);
}

void KafkaSink::Producer::recover_if_fatal() {
  if (client_ == nullptr || rd_kafka_fatal_error(client_->get(), nullptr, 0) == 0) return;
  is_recovering_ = true;
  // What was acknowledged is told before the rest is taken back.
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll(client_->get(), 0);
  stop();
  is_recovering_ = false;
  unsent_.clear();
  for (Slot& slot : slots_) {
    slot.is_sent = false;
    if (slot.is_used) unsent_.push_back(&slot);
  }
  std::sort(unsent_.begin(), unsent_.end(),
            [](const Slot* a, const Slot* b) { return a->sequence < b->sequence; });
  stats().recreated.fetch_add(1, std::memory_order_relaxed);
  stats().resent.fetch_add(unsent_.size(), std::memory_order_relaxed);
  if (const Status started = start(); !started) {
    for (Slot* slot : std::exchange(unsent_, {}))
      deliver(*slot, started, 0, 0);
  } else {
    send_unsent();
  }
  if (!delivered_.empty()) wake();  // append() may be the caller, and tells no outcomes
}

void KafkaSink::Producer::wake() {
  const std::lock_guard lock{wake_mutex_};
  if (wake_) wake_();
}

void KafkaSink::Producer::send_unsent() {
  while (!unsent_.empty()) {
    Slot& slot = *unsent_.front();
    const Status sent = send(slot);
    if (sent.is_retryable()) return;  // no room; a delivery makes some
    unsent_.pop_front();
    if (!sent) deliver(slot, sent, 0, 0);
  }
}

std::size_t KafkaSink::Producer::poll(std::vector<Delivery>& out) {
  if (client_ != nullptr) {
    rd_kafka_poll(client_->get(), 0);
    recover_if_fatal();
    if (client_ != nullptr && !unsent_.empty()) send_unsent();
  }
  show_counts();
  const std::size_t known = delivered_.size();
  if (out.empty()) {
    out.swap(delivered_);
  } else {
    out.insert(out.end(), std::make_move_iterator(delivered_.begin()),
               std::make_move_iterator(delivered_.end()));
    delivered_.clear();
  }
  return known;
}

Status KafkaSink::Producer::flush(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (milliseconds left = timeout; in_use() > 0 && client_ != nullptr;) {
    constexpr milliseconds kLook{100};  // a fatal error is seen between two
    rd_kafka_flush(client_->get(), static_cast<int>(std::min(left, kLook).count()));
    recover_if_fatal();
    if (client_ != nullptr && !unsent_.empty()) send_unsent();
    left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= milliseconds{0}) break;
  }
  show_counts();
  if (in_use() == 0) return {};
  const std::string tried = "flush " + std::to_string(in_use()) + " records within " +
                            std::to_string(timeout.count()) + " ms";
  return client_ != nullptr ? client_->translate(RD_KAFKA_RESP_ERR__TIMED_OUT, tried)
                            : Status{ErrorKind::kUnavailable, "could not " + tried};
}

void KafkaSink::Producer::deliver(Slot& slot, Status status, std::uint32_t partition,
                                  std::int64_t offset) {
  ++(status ? counts_.delivered : counts_.failed);
  delivered_.push_back({slot.tag, std::move(status), partition, offset});
  --counts_.records;
  counts_.bytes -= static_cast<std::int64_t>(bytes_of(slot.record));
  release(slot);
}

/// Not with each outcome: sinks on other threads write the same numbers.
void KafkaSink::Producer::show_counts() {
  const auto add = [](auto& to, auto now, auto& shown) {
    if (now == shown) return;
    to.fetch_add(now - std::exchange(shown, now), std::memory_order_relaxed);
  };
  add(stats().delivered, counts_.delivered, shown_.delivered);
  add(stats().failed, counts_.failed, shown_.failed);
  add(stats().queued_records, counts_.records, shown_.records);
  add(stats().queued_bytes, counts_.bytes, shown_.bytes);
}

KafkaSink::Producer::Slot& KafkaSink::Producer::acquire() {
  if (free_.empty()) free_.push_back(&slots_.emplace_back());
  Slot& slot = *free_.back();
  free_.pop_back();
  slot.is_used = true;
  return slot;
}

void KafkaSink::Producer::release(Slot& slot) {
  BORA_CHECK(slot.is_used && !slot.is_sent, "a record is let go of while librdkafka has it");
  slot.is_used = false;
  slot.record = {};
  free_.push_back(&slot);
}

KafkaSink::Producer::Target& KafkaSink::Producer::target(std::string_view topic) {
  auto found = targets_.find(topic);
  if (found == targets_.end())
    found = targets_.emplace(std::string{topic}, Target{std::string{topic}, {}}).first;
  return found->second;
}

KafkaSink::KafkaSink(KafkaSinkOptions options)
    : producer_(std::make_unique<Producer>(std::move(options))) {}
KafkaSink::~KafkaSink() = default;

Status KafkaSink::append(std::string_view topic, Record record, Tag tag) {
  return producer_->append(topic, std::move(record), tag);
}
std::size_t KafkaSink::poll(std::vector<Delivery>& out) { return producer_->poll(out); }
Status KafkaSink::flush(milliseconds timeout) { return producer_->flush(timeout); }
void KafkaSink::on_delivery(std::function<void()> wake) { producer_->set_wake(std::move(wake)); }

Status check_sink_options(const KafkaSinkOptions& options) { return conf_of(options).status(); }

}  // namespace bora::kafka
