#include "connectors/kafka/membership.hpp"

#include <algorithm>
#include <utility>

#include "connectors/kafka/consumer_closer.hpp"
#include "connectors/kafka/record_of.hpp"

namespace bora::kafka {
namespace {

using State = Assigned::State;
using Leave = AssignmentListener::Leave;

constexpr std::size_t kFetchAtOnce = 1'024;
constexpr std::chrono::seconds kStartRetry{1};
constexpr std::chrono::seconds kWatchEvery{5};

std::vector<Preset> presets_of(const KafkaSourceOptions& options) {
  const std::string ours = "offsets are committed by the spout, when records are done";
  std::vector<Preset> presets = {
      {"group.id", options.group, "the group is the topology's"},
      {"enable.auto.commit", "false", ours},
      {"enable.auto.offset.store", "false", ours},
      {"auto.offset.reset", "earliest", "where a group begins is the topology's start option"},
      {"enable.partition.eof", "false", "the source tells its lag without"},
      {"partition.assignment.strategy", "cooperative-sticky"},
      // Above its threshold of records, librdkafka 2.0.2 stops fetching for a whole second.
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", "65536"},
      {"check.crcs", "true"},
  };
  std::optional<std::string> instance;
  if (!options.instance_id.empty()) instance = options.instance_id;
  presets.push_back(
      {"group.instance.id", std::move(instance), "it is the setting topics.instance"});
  return presets;
}

int to_int(std::chrono::milliseconds time) noexcept { return static_cast<int>(time.count()); }

void wake_up(rd_kafka_t* /*handle*/, void* opaque) {
  (*static_cast<const std::function<void()>*>(opaque))();
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
  counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

// --- joining -----------------------------------------------------------------------------------

Membership::Membership(const Setup& setup)
    : options_(*setup.options),
      clock_(*setup.clock),
      listener_(*setup.listener),
      wake_(*setup.wake),
      counters_(*setup.counters),
      epochs_(*setup.epochs),
      seek_(setup.seek ? setup.seek
                       : [this](std::uint32_t partition,
                                std::int64_t offset) { return seek(partition, offset); }),
      fetched_(kFetchAtOnce),
      watch_(options_.stuck_timeout),
      troubles_("read topic " + options_.topic + " as group " + options_.group) {}

Result<std::unique_ptr<Membership>> Membership::join(const Setup& setup) {
  std::unique_ptr<Membership> membership{new Membership{setup}};
  if (Status started = membership->start(); !started) return started;
  return Result<std::unique_ptr<Membership>>{std::move(membership)};
}

Status Membership::start() {
  Result<Conf> conf = make_conf(options_.kafka, Role::kConsumer, presets_of(options_));
  if (!conf) return conf.status();
  rd_kafka_conf_set_rebalance_cb(conf->get(), &Membership::on_rebalance);
  auto client = Client::start(Role::kConsumer, *std::move(conf), options_.kafka, this);
  if (!client) return client.status();
  client_ = *std::move(client);
  // Statistics, errors and everything of the group by one queue; see serve_events().
  rd_kafka_poll_set_consumer(client_->get());
  topic_.reset(rd_kafka_topic_new(client_->get(), options_.topic.c_str(), nullptr));
  events_.reset(rd_kafka_queue_get_consumer(client_->get()));
  records_.reset(rd_kafka_queue_new(client_->get()));
  // librdkafka keeps the pointer; it does not write through it.
  void* const wake = const_cast<std::function<void()>*>(&wake_);  // NOLINT(*-const-cast)
  rd_kafka_queue_cb_event_enable(events_.get(), &wake_up, wake);
  rd_kafka_queue_cb_event_enable(records_.get(), &wake_up, wake);

  const Partitions topics = make_partitions();
  rd_kafka_topic_partition_list_add(topics.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  return client_->translate(rd_kafka_subscribe(client_->get(), topics.get()),
                            "join group " + options_.group + " on topic " + options_.topic);
}

Membership::~Membership() {
  if (client_ != nullptr) end("dropped");
}

// --- what librdkafka tells ----------------------------------------------------------------------

void Membership::serve_events() {
  while (const Message message{rd_kafka_consumer_poll(client_->get(), 0)})
    note(*message);
}

void Membership::note(const rd_kafka_message_t& message) {
  // Records come by the other queue. One that came by this is read again from where poll() stood.
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    may_have_lost_records_ = true;
    return;
  }
  std::string tried = "read topic " + options_.topic;
  if (message.rkt != nullptr && message.partition >= 0)
    tried += " [" + std::to_string(message.partition) + "]";
  tried += " as group " + options_.group;
  const char* words = rd_kafka_message_errstr(&message);
  troubles_.note(kafka::translate(message.err, tried, words == nullptr ? "" : words));
}

void Membership::on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                              rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  Client& client = Client::from(opaque);
  if (client.user() == nullptr) return refuse_share(client, code);
  Membership& self = *static_cast<Membership*>(client.user());
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.take_assignment(*partitions);
  } else {
    self.take_revocation(*partitions);
  }
  self.may_have_lost_records_ = true;
  // The call that serves this returns now: one batch never spans two assignments.
  rd_kafka_yield(handle);
}

/// Only says yes: partitions are added one by one, once it is known where they begin.
void Membership::take_assignment(const rd_kafka_topic_partition_list_t& partitions) {
  client_->mark_assigned();
  for (int i = 0; i < partitions.cnt; ++i) {
    const rd_kafka_topic_partition_t& given = partitions.elems[i];
    Assigned& one = assignment_.at(static_cast<std::uint32_t>(given.partition));
    if (one.is_ours()) tell_revoked(one, Leave::kLost);
    one.state = State::kStarting;
    const Queue queue{rd_kafka_queue_get_partition(client_->get(), given.topic, given.partition)};
    if (queue != nullptr) rd_kafka_queue_forward(queue.get(), records_.get());
  }
  start_not_before_ = {};
  acknowledge({});
}

void Membership::take_revocation(const rd_kafka_topic_partition_list_t& partitions) {
  for (int i = 0; i < partitions.cnt; ++i) {
    Assigned* one = assignment_.find(partitions.elems[i].partition);
    if (one == nullptr) continue;
    if (one->state == State::kStarting) one->state = State::kNone;
    if (one->state != State::kReading) continue;
    one->state = State::kLeaving;
    leaving_.push_back(one->partition);
  }
  leave_by_ = clock_.now() + options_.drain_timeout;
  if (is_closing_) release(Leave::kRevoked);  // the listener was told before
}

/// Answers the assignment that librdkafka waits for, or adds `assigned` to it.
void Membership::acknowledge(const std::vector<std::uint32_t>& assigned) {
  const Partitions list = make_partitions(static_cast<int>(assigned.size()));
  for (const std::uint32_t partition : assigned)
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(),
                                      static_cast<int>(partition))
        ->offset = assignment_.at(partition).next;
  const KafkaError refused{rd_kafka_incremental_assign(client_->get(), list.get())};
  if (refused != nullptr)
    troubles_.note(client_->translate(refused, "take over partitions of topic " + options_.topic));
}

// --- where partitions begin ---------------------------------------------------------------------

void Membership::start_partitions() {
  const std::vector<std::uint32_t> starting = assignment_.in(State::kStarting);
  if (starting.empty() || clock_.now() < start_not_before_) return;
  Status started = try_start(starting);
  if (started) return;
  troubles_.note(std::move(started));
  start_not_before_ = clock_.now() + kStartRetry;
}

Status Membership::try_start(const std::vector<std::uint32_t>& partitions) {
  const Result<std::vector<Start>> starts = query_starts(*client_, options_, partitions);
  if (!starts) return starts.status();
  if (Status committed = commit_first_runs(*starts); !committed) return committed;
  for (const Start& start : *starts) {
    Assigned& one = assignment_.at(start.partition);
    one = {.state = State::kReading,
           .partition = start.partition,
           .epoch = epochs_.next(start.partition),
           .next = start.offset,
           .committed = start.offset,
           .end = start.end};
    count(counters_.skipped_records, start.skipped);
    listener_.on_assigned(one.partition, one.epoch, one.next);
  }
  acknowledge(partitions);
  return {};
}

Status Membership::commit_first_runs(const std::vector<Start>& starts) {
  const Partitions offsets = make_partitions(static_cast<int>(starts.size()));
  for (const Start& start : starts)
    if (start.is_first_run)
      rd_kafka_topic_partition_list_add(offsets.get(), options_.topic.c_str(),
                                        static_cast<int>(start.partition))
          ->offset = start.offset;
  return commit_offsets(*offsets);
}

// --- partitions that leave ----------------------------------------------------------------------

bool Membership::may_release() const {
  const bool is_all_committed =
      std::all_of(assignment_.begin(), assignment_.end(), [](const Assigned& one) {
        return one.state != State::kLeaving || one.committed >= one.next;
      });
  return is_all_committed || clock_.now() >= *leave_by_;
}

void Membership::finish_leaving() {
  if (!leave_by_) return;
  if (rd_kafka_assignment_lost(client_->get()) != 0) {
    release(Leave::kLost);
  } else if (may_release()) {
    release(Leave::kRevoked);
  }
}

/// Does the unassign that librdkafka waits for.
void Membership::release(Leave how) {
  for (const std::uint32_t partition : leaving_)
    tell_revoked(assignment_.at(partition), how);
  rd_kafka_t* const handle = client_->get();
  KafkaError refused;
  if (std::string_view{rd_kafka_rebalance_protocol(handle)} == "COOPERATIVE") {
    const Partitions list = make_partitions(static_cast<int>(leaving_.size()));
    for (const std::uint32_t partition : leaving_)
      rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(),
                                        static_cast<int>(partition));
    refused.reset(rd_kafka_incremental_unassign(handle, list.get()));
  } else {
    const rd_kafka_resp_err_t error = rd_kafka_assign(handle, nullptr);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      troubles_.note(client_->translate(error, "give up partitions of topic " + options_.topic));
  }
  if (refused != nullptr)
    troubles_.note(client_->translate(refused, "give up partitions of topic " + options_.topic));
  leaving_.clear();
  leave_by_.reset();
}

void Membership::tell_revoked(Assigned& partition, Leave how) {
  if (!partition.is_ours()) return;
  if (how == Leave::kLost) {
    count(counters_.lost_partitions);
    partition.state = State::kNone;  // before the listener: what it commits now is late
  }
  listener_.on_revoked(partition.partition, partition.epoch, how);
  partition.state = State::kNone;
}

// --- reading -------------------------------------------------------------------------------------

Result<std::size_t> Membership::poll(std::size_t max, std::vector<SourceRecord>& out) {
  serve_events();
  finish_leaving();
  start_partitions();
  Status is_back = go_back();
  const std::size_t taken = is_back && max > 0 ? read(max, out) : 0;
  if (!is_back) troubles_.note(std::move(is_back));
  if (taken > 0) {
    client_->forget_trouble();  // somebody answers
    return taken;
  }
  if (Status trouble = troubles_.to_report(*client_, clock_.now()); !trouble) return trouble;
  return taken;
}

std::size_t Membership::read(std::size_t max, std::vector<SourceRecord>& out) {
  const std::size_t had = out.size();
  std::size_t room = max;
  while (room > 0) {
    const std::size_t wanted = std::min(room, fetched_.size());
    const auto got = rd_kafka_consume_batch_queue(records_.get(), 0, fetched_.data(), wanted);
    if (got <= 0) break;
    const auto taken = static_cast<std::size_t>(got);
    for (std::size_t i = 0; i < taken; ++i) {
      const Message message{fetched_[i]};
      accept(*message, out);
    }
    room -= taken;
    if (taken < wanted) break;
  }
  return out.size() - had;
}

void Membership::accept(const rd_kafka_message_t& message, std::vector<SourceRecord>& out) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return note(message);
  Assigned* one = assignment_.find(message.partition);
  if (one == nullptr || one->state != State::kReading || message.offset < one->next)
    return count(counters_.dropped_records);
  SourceRecord& record = out.emplace_back();
  record.position = {one->partition, message.offset, one->epoch};
  read_record(message, record.record);
  one->next = message.offset + 1;
  one->last_time = record.record.timestamp;
}

// --- committing ----------------------------------------------------------------------------------

Status Membership::commit(std::span<const CommitRequest> requests) {
  const Partitions offsets = ours_of(requests);
  if (Status done = commit_offsets(*offsets); !done) return done;
  note_committed(*offsets);
  return {};
}

Partitions Membership::ours_of(std::span<const CommitRequest> requests) {
  Partitions offsets = make_partitions(static_cast<int>(requests.size()));
  for (const CommitRequest& request : requests) {
    const Assigned* one = assignment_.find(static_cast<std::int32_t>(request.partition));
    if (one == nullptr || !one->is_ours() || one->epoch != request.epoch) {
      count(counters_.late_commits);
      continue;
    }
    rd_kafka_topic_partition_list_add(offsets.get(), options_.topic.c_str(),
                                      static_cast<int>(request.partition))
        ->offset = request.next_offset;
  }
  return offsets;
}

void Membership::note_committed(const rd_kafka_topic_partition_list_t& offsets) {
  for (int i = 0; i < offsets.cnt; ++i)
    assignment_.at(static_cast<std::uint32_t>(offsets.elems[i].partition)).committed =
        offsets.elems[i].offset;
}

/// A member that was expelled has no id, and to commit without one is what clients did that know nothing
/// of fencing: the broker takes it. librdkafka clears the id and calls the assignment lost in one step,
/// before or after each of these questions.
Result<GroupMetadata> Membership::group_metadata() const {
  const auto member_id = [this] {
    char* const id = rd_kafka_memberid(client_->get());
    std::string text = id == nullptr ? "" : id;
    if (id != nullptr) rd_kafka_mem_free(client_->get(), id);
    return text;
  };
  const std::string before = member_id();
  GroupMetadata metadata{rd_kafka_consumer_group_metadata(client_->get())};
  if (metadata == nullptr || before.empty() || before != member_id() ||
      rd_kafka_assignment_lost(client_->get()) != 0)
    return Error{ErrorKind::kClosed, "could not commit as a member of group " + options_.group +
                                         ": the group does not count us as one now"};
  return Result<GroupMetadata>{std::move(metadata)};
}

Status Membership::commit_offsets(const rd_kafka_topic_partition_list_t& offsets) {
  if (offsets.cnt == 0) return {};
  const std::string tried =
      "commit offsets of topic " + options_.topic + " in group " + options_.group;
  if (client_->is_joining())
    return {ErrorKind::kUnavailable, "could not " + tried +
                                         ": the group is sharing out its partitions anew; it is "
                                         "tried again"};
  // Not rd_kafka_commit(), which waits for ever. An answer that comes too late finds its queue gone.
  const Queue answers{rd_kafka_queue_new(client_->get())};
  const rd_kafka_resp_err_t sent =
      rd_kafka_commit_queue(client_->get(), &offsets, answers.get(), nullptr, nullptr);
  if (sent != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->translate(sent, tried);
  const Event answer{rd_kafka_queue_poll(answers.get(), to_int(options_.commit_timeout))};
  if (answer == nullptr) return client_->translate(RD_KAFKA_RESP_ERR__TIMED_OUT, tried);
  const rd_kafka_resp_err_t error = rd_kafka_event_error(answer.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->translate(error, tried);
  const rd_kafka_topic_partition_list_t* committed =
      rd_kafka_event_topic_partition_list(answer.get());
  for (int i = 0; committed != nullptr && i < committed->cnt; ++i)
    if (committed->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return client_->translate(committed->elems[i].err, tried);
  return {};
}

// --- lag -----------------------------------------------------------------------------------------

namespace {

/// Records between what was returned and the end, as far as librdkafka knows both without asking.
std::uint64_t lag_of(const Client& client, const std::string& topic, const Assigned& one) {
  std::int64_t low = -1;
  std::int64_t high = -1;
  std::int64_t end = one.end;
  if (rd_kafka_get_watermark_offsets(client.get(), topic.c_str(), static_cast<int>(one.partition),
                                     &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR)
    end = std::max(end, high);
  if (end <= one.next) return 0;
  // Markers of transactions have offsets and are no records: librdkafka's position is behind them.
  const Partitions at = make_partitions();
  rd_kafka_topic_partition_list_add(at.get(), topic.c_str(), static_cast<int>(one.partition));
  std::int64_t next = one.next;
  if (rd_kafka_position(client.get(), at.get()) == RD_KAFKA_RESP_ERR_NO_ERROR)
    next = std::max(next, at->elems[0].offset);
  return end > next ? static_cast<std::uint64_t>(end - next) : 0;
}

}  // namespace

std::optional<std::uint64_t> Membership::lag() const {
  if (!client_->was_assigned() || !assignment_.in(State::kStarting).empty()) return std::nullopt;
  std::uint64_t lag = 0;
  for (const PartitionLag& partition : partition_lags())
    lag += partition.records;
  return lag;
}

std::vector<PartitionLag> Membership::partition_lags() const {
  std::vector<PartitionLag> lags;
  for (const Assigned& one : assignment_)
    if (one.state == State::kReading)
      lags.push_back({one.partition, lag_of(*client_, options_.topic, one)});
  return lags;
}

std::optional<std::chrono::milliseconds> Membership::lag_time() const {
  if (!client_->was_assigned() || !assignment_.in(State::kStarting).empty()) return std::nullopt;
  std::chrono::milliseconds behind{0};
  for (const Assigned& one : assignment_) {
    if (one.state != State::kReading || lag_of(*client_, options_.topic, one) == 0) continue;
    if (one.last_time == WallTime{}) return std::nullopt;  // nothing read yet: no time to tell
    behind = std::max(behind, clock_.wall_now() - one.last_time);
  }
  return behind;
}

bool Membership::is_stuck() {
  const Instant now = clock_.now();
  if (now < watch_not_before_) return false;
  watch_not_before_ = now + kWatchEvery;
  return watch_.is_stuck(now, client_->stats());
}

// --- leaving -------------------------------------------------------------------------------------

/// The last commits would be refused while the group shares out anew.
void Membership::await_share() {
  constexpr int kStepMillis = 10;
  const SystemClock clock;  // what is waited for is other processes, not a point of simulated time
  const Instant deadline = clock.now() + options_.drain_timeout;
  while (client_->is_joining() && clock.now() < deadline)
    if (const Message message{rd_kafka_consumer_poll(client_->get(), kStepMillis)}) note(*message);
}

void Membership::leave() {
  await_share();
  const Leave how = rd_kafka_assignment_lost(client_->get()) != 0 ? Leave::kLost : Leave::kRevoked;
  for (Assigned& one : assignment_)
    tell_revoked(one, how);
  if (!client_->was_assigned()) return end({});
  is_closing_ = true;
  if (leave_by_) release(how);
  end(leave_group(*client_, options_.close_timeout) ? "" : "it did not let us go in time");
}

void Membership::abandon() {
  for (Assigned& one : assignment_)
    tell_revoked(one, Leave::kLost);
  end("it was stuck");
}

void Membership::end(std::string_view what_for) {
  rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
  rd_kafka_queue_cb_event_enable(records_.get(), nullptr, nullptr);
  records_.reset();
  events_.reset();
  topic_.reset();
  const auto say = [this](const std::string& text) {
    constexpr int kWarning = 4;
    if (options_.kafka.on_log) options_.kafka.on_log(kWarning, text);
  };
  const std::string name = "group " + options_.group + " on topic " + options_.topic;
  if (!what_for.empty()) say(name + " was left without a word: " + std::string{what_for});
  if (!dispose(std::move(client_), options_.close_timeout))
    say("the client of " + name + " does not end: a thread of its own goes on waiting for it");
}

}  // namespace bora::kafka
