#include "connectors/kafka/kafka_table_source.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "connectors/kafka/assigned.hpp"
#include "connectors/kafka/client.hpp"
#include "connectors/kafka/consumer_closer.hpp"
#include "connectors/kafka/record_of.hpp"
#include "connectors/kafka/start_offsets.hpp"
#include "connectors/kafka/troubles.hpp"

namespace bora::kafka {
namespace {

constexpr std::size_t kFetchAtOnce = 1'024;
constexpr std::chrono::seconds kBeginRetry{1};

std::vector<Preset> table_presets() {
  return {
      {"enable.partition.eof", "true", "the source knows by it that it has read everything"},
      {"enable.auto.commit", "false", "a table is read from its beginning each time"},
      {"enable.auto.offset.store", "false", "a table is read from its beginning each time"},
      {"auto.offset.reset", "earliest", "a table is read from its beginning each time"},
      {"group.id", std::nullopt, "a table is read outside of any group"},
      {"group.instance.id", std::nullopt, "a table is read outside of any group"},
      {"check.crcs", "true"},
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", "16384"},
  };
}

void wake_up(rd_kafka_t* /*handle*/, void* opaque) {
  (*static_cast<const std::function<void()>*>(opaque))();
}

}  // namespace

/// A KafkaTableSource that is open. librdkafka's consumer without groups: it asks for no right on any.
///
/// Threads: the source's, but the wake.
class TableReader {
 public:
  TableReader(const KafkaTableSourceOptions& options, const Clock& clock,
              AssignmentListener& listener, const std::function<void()>& wake,
              std::unique_ptr<Client> client)
      : options_(options),
        clock_(clock),
        listener_(listener),
        client_(std::move(client)),
        topic_(rd_kafka_topic_new(client_->get(), options.topic.c_str(), nullptr)),
        events_(rd_kafka_queue_get_main(client_->get())),
        records_(rd_kafka_queue_new(client_->get())),
        fetched_(kFetchAtOnce),
        troubles_("read all of topic " + options.topic) {
    // librdkafka keeps the pointer; it does not write through it.
    void* const opaque = const_cast<std::function<void()>*>(&wake);  // NOLINT(*-const-cast)
    rd_kafka_queue_cb_event_enable(events_.get(), &wake_up, opaque);
    rd_kafka_queue_cb_event_enable(records_.get(), &wake_up, opaque);
  }
  ~TableReader() {
    rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
    rd_kafka_queue_cb_event_enable(records_.get(), nullptr, nullptr);
    for (const Reading& one : partitions_)
      rd_kafka_consume_stop(topic_.get(), static_cast<int>(one.partition.partition));
    records_.reset();
    events_.reset();
    topic_.reset();
    constexpr int kWarning = 4;
    if (!dispose(std::move(client_), options_.close_timeout) && options_.kafka.on_log)
      options_.kafka.on_log(kWarning, "the client that read topic " + options_.topic +
                                          " does not end: a thread of its own goes on waiting");
  }
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  void revoke_all() {
    for (const Reading& one : partitions_)
      listener_.on_revoked(one.partition.partition, one.partition.epoch,
                           AssignmentListener::Leave::kRevoked);
  }

  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) {
    rd_kafka_poll(client_->get(), 0);
    if (clock_.now() >= begin_not_before_) begin();
    const std::size_t had = out.size();
    while (out.size() - had < max && read(max - (out.size() - had), out)) {
    }
    const std::size_t taken = out.size() - had;
    if (taken > 0) {
      client_->forget_trouble();
      return taken;
    }
    if (Status trouble = troubles_.to_report(*client_, clock_.now()); !trouble) return trouble;
    return taken;
  }

  [[nodiscard]] std::optional<std::uint64_t> lag() const {
    if (partitions_.empty()) return std::nullopt;
    std::uint64_t lag = 0;
    for (const Reading& one : partitions_)
      lag += lag_of(one);
    return lag;
  }

 private:
  struct Reading {
    Assigned partition;
    bool is_at_end = false;
  };

  /// At first, and now and then afterwards: partitions may have been added.
  void begin() {
    Status begun = try_begin();
    const bool reads_on = begun.is_ok() || !partitions_.empty();
    begin_not_before_ = clock_.now() + (reads_on ? options_.look_every : kBeginRetry);
    troubles_.note(std::move(begun));
  }

  Status try_begin() {
    auto partitions = query_partitions();
    if (!partitions) return partitions.status();
    partitions->erase(partitions->begin(),
                      partitions->begin() + static_cast<std::ptrdiff_t>(
                                                std::min(partitions->size(), partitions_.size())));
    if (partitions->empty()) return {};
    const auto bounds = query_bounds(*client_, options_.topic, *partitions, patience());
    if (!bounds) return bounds.status();
    for (std::size_t i = 0; i < partitions->size(); ++i) {
      const std::uint32_t partition = (*partitions)[i];
      const Bounds& range = (*bounds)[i];
      const Assigned one{.state = Assigned::State::kReading,
                         .partition = partition,
                         .epoch = 1,
                         .next = first_of(range),
                         .end = range.high};
      if (rd_kafka_consume_start_queue(topic_.get(), static_cast<int>(partition), one.next,
                                       records_.get()) != 0)
        return client_->translate(rd_kafka_last_error(), "begin topic " + options_.topic);
      partitions_.push_back({one});
      listener_.on_assigned(partition, one.epoch, one.next);
    }
    has_begun_ = true;
    return {};
  }

  [[nodiscard]] std::int64_t first_of(const Bounds& range) const {
    if (!options_.newest || has_begun_) return range.low;
    return std::max(range.low, range.high - *options_.newest);
  }

  /// Who reads already is not kept from it for long by brokers that are away. A broker answers in
  /// order, so a question waits behind the fetch before it, up to fetch.wait.max.ms.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    constexpr std::chrono::milliseconds kLook{3'000};
    return partitions_.empty() ? options_.position_timeout
                               : std::min(kLook, options_.position_timeout);
  }

  /// All of the topic's, from zero on.
  Result<std::vector<std::uint32_t>> query_partitions() {
    const std::string tried = "ask for the partitions of topic " + options_.topic;
    const rd_kafka_metadata_t* answer = nullptr;
    const rd_kafka_resp_err_t error = rd_kafka_metadata(client_->get(), 0, topic_.get(), &answer,
                                                        static_cast<int>(patience().count()));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->translate(error, tried);
    const Metadata metadata{answer};
    if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0) {
      const auto unknown = metadata->topic_cnt == 1 && metadata->topics[0].err != 0
                               ? metadata->topics[0].err
                               : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
      return client_->translate(unknown, tried);
    }
    std::vector<std::uint32_t> partitions(
        static_cast<std::size_t>(metadata->topics[0].partition_cnt));
    std::iota(partitions.begin(), partitions.end(), 0u);
    return partitions;
  }

  /// False when there was nothing more.
  bool read(std::size_t max, std::vector<SourceRecord>& out) {
    const std::size_t wanted = std::min(max, fetched_.size());
    const auto got = rd_kafka_consume_batch_queue(records_.get(), 0, fetched_.data(), wanted);
    for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got); ++i) {
      const Message message{fetched_[i]};
      accept(*message, out);
    }
    return got > 0;
  }

  void accept(const rd_kafka_message_t& message, std::vector<SourceRecord>& out) {
    const auto partition = static_cast<std::size_t>(message.partition);
    if (message.partition < 0 || partition >= partitions_.size() ||
        (message.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
         message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF))
      return note(message);
    Reading& from = partitions_[partition];
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      from.partition.next = std::max(from.partition.next, message.offset);
      // One that was on its way when the ends were asked for says nothing of them.
      from.is_at_end = from.partition.next >= from.partition.end;
      return;
    }
    if (message.offset < from.partition.next) return;
    SourceRecord& record = out.emplace_back();
    record.position = {from.partition.partition, message.offset, from.partition.epoch};
    read_record(message, record.record);
    from.partition.next = message.offset + 1;
    from.is_at_end = false;
  }

  void note(const rd_kafka_message_t& message) {
    const char* words = rd_kafka_message_errstr(&message);
    troubles_.note(kafka::translate(message.err, "read all of topic " + options_.topic,
                                    words == nullptr ? "" : words));
  }

  [[nodiscard]] std::uint64_t lag_of(const Reading& one) const {
    if (one.is_at_end) return 0;
    std::int64_t low = -1;
    std::int64_t high = -1;
    std::int64_t end = one.partition.end;
    if (rd_kafka_get_watermark_offsets(client_->get(), options_.topic.c_str(),
                                       static_cast<int>(one.partition.partition), &low,
                                       &high) == RD_KAFKA_RESP_ERR_NO_ERROR)
      end = std::max(end, high);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(1, end - one.partition.next));
  }

  const KafkaTableSourceOptions& options_;
  const Clock& clock_;
  AssignmentListener& listener_;
  std::unique_ptr<Client> client_;
  Topic topic_;
  Queue events_;
  Queue records_;
  std::vector<rd_kafka_message_t*> fetched_;  // between two calls: nothing
  std::vector<Reading> partitions_;           // by partition; empty until reading has begun
  bool has_begun_ = false;
  Instant begin_not_before_{};
  Troubles troubles_;
};

KafkaTableSource::KafkaTableSource(KafkaTableSourceOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

KafkaTableSource::~KafkaTableSource() = default;

Status KafkaTableSource::open(AssignmentListener& listener, std::function<void()> wake) {
  const std::string tried = "could not open all of topic '" + options_.topic + "': ";
  if (reader_ != nullptr) return {ErrorKind::kInvalid, tried + "it is open already"};
  if (options_.topic.empty()) return {ErrorKind::kInvalid, tried + "name the topic"};
  Result<Conf> conf = make_conf(options_.kafka, Role::kConsumer, table_presets());
  if (!conf) return conf.status();
  auto client = Client::start(Role::kConsumer, *std::move(conf), options_.kafka);
  if (!client) return client.status();
  wake_ = std::move(wake);
  reader_ = std::make_unique<TableReader>(options_, clock_, listener, wake_, *std::move(client));
  return {};
}

Result<std::size_t> KafkaTableSource::poll(std::size_t max, std::vector<SourceRecord>& out) {
  if (reader_ == nullptr)
    return Error{ErrorKind::kClosed,
                 "could not read all of topic " + options_.topic + ": it is not open"};
  return reader_->poll(is_paused_ ? 0 : max, out);
}

Status KafkaTableSource::commit(std::span<const CommitRequest> /*requests*/) { return {}; }

std::optional<std::uint64_t> KafkaTableSource::lag() const {
  return reader_ == nullptr ? std::nullopt : reader_->lag();
}

void KafkaTableSource::close() {
  if (reader_ == nullptr) return;
  reader_->revoke_all();
  reader_.reset();
}

}  // namespace bora::kafka
