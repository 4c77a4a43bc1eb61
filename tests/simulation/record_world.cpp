#include "tests/simulation/record_world.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace bora::simulation {

namespace {

/// A source whose commits a crash may come before, and are looked at.
class WatchedSource final : public RecordSource {
 public:
  WatchedSource(RecordWorld& of, std::unique_ptr<RecordSource> inner)
      : of_(of), inner_(std::move(inner)) {}
  [[nodiscard]] std::string_view topic() const noexcept override { return inner_->topic(); }
  Status open(AssignmentListener& listener, std::function<void()> wake) override {
    if (of_.world().fails(20, "the source does not open"))
      return {ErrorKind::kUnavailable, "the broker is away"};
    return inner_->open(listener, std::move(wake));
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    return inner_->poll(max, out);
  }
  void pause() override { inner_->pause(); }
  void resume() override { inner_->resume(); }
  Status commit(std::span<const CommitRequest> requests) override {
    if (!of_.world().persists()) return {};
    Status status = inner_->commit(requests);
    if (status)
      for (const CommitRequest& request : requests)
        of_.look_at_commit(request);
    return status;
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const override { return inner_->lag(); }
  void close() override { inner_->close(); }

 private:
  RecordWorld& of_;
  std::unique_ptr<RecordSource> inner_;
};

/// A sink whose deliveries a crash may come before.
class WatchedSink final : public RecordSink {
 public:
  WatchedSink(testing::World& world, std::unique_ptr<RecordSink> inner)
      : world_(world), inner_(std::move(inner)) {}
  Status append(std::string_view topic, Record record, Tag tag) override {
    return inner_->append(topic, std::move(record), tag);
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    return world_.persists() ? inner_->poll(out) : 0;
  }
  Status flush(std::chrono::milliseconds timeout) override { return inner_->flush(timeout); }
  void on_delivery(std::function<void()> wake) override { inner_->on_delivery(std::move(wake)); }

 private:
  testing::World& world_;
  std::unique_ptr<RecordSink> inner_;
};

std::string name_of(std::uint32_t partition, std::int64_t offset) {
  return "record " + std::to_string(partition) + "/" + std::to_string(offset);
}

}  // namespace

RecordWorld::RecordWorld(testing::World& world, const Make& make) : world_(world) {
  testing::Dice& dice = world.dice();
  const auto partitions = static_cast<std::uint32_t>(dice.between(1, 4));
  broker_.create_topic(kTopic, partitions);
  broker_.create_topic(kLetters, 1);
  for (std::uint64_t left = dice.between(10, 150); left > 0; --left) {
    const auto partition = static_cast<std::uint32_t>(dice.below(partitions));
    const std::int64_t gap = dice.one_in(10) ? static_cast<std::int64_t>(dice.below(5)) : 0;
    Made made = make(dice);
    const std::int64_t offset = broker_.append(kTopic, partition, made.record, gap);
    records_[{partition, offset}] = std::move(made);
  }
  const auto some = [&](double most) { return dice.one_in(2) ? most : 0.0; };
  source_faults_ = {.revoke = some(0.02),
                    .lose = some(0.02),
                    .unavailable = some(0.02),
                    .repeat = some(0.05),
                    .short_poll = some(0.3),
                    .commit_unavailable = some(0.1)};
  sink_faults_ = {.unavailable = some(0.05),
                  .fail = some(0.1),
                  .lose_reply = some(0.1),
                  .slowest = static_cast<std::uint32_t>(dice.below(4))};
}

std::unique_ptr<RecordSource> RecordWorld::source() {
  test::MemorySourceOptions options;
  options.topic = kTopic;
  options.seed = world_.dice().next();
  options.faults = source_faults_;
  return std::make_unique<WatchedSource>(*this,
                                         std::make_unique<test::MemorySource>(broker_, options));
}

std::unique_ptr<RecordSink> RecordWorld::sink() {
  test::MemorySinkOptions options;
  options.seed = world_.dice().next();
  options.faults = sink_faults_;
  return std::make_unique<WatchedSink>(world_,
                                       std::make_unique<test::MemorySink>(broker_, options));
}

void RecordWorld::store(std::uint32_t partition, std::int64_t offset, std::string_view value) {
  if (!world_.persists()) return;
  const auto found = records_.find({partition, offset});
  world_.expect(found != records_.end() && found->second.record.value == value,
                name_of(partition, offset) + " was stored with a value of another");
  world_.expect(found == records_.end() || !found->second.is_malformed,
                name_of(partition, offset) + " was stored, though malformed");
  stored_.insert({partition, offset});
}

void RecordWorld::store(std::string_view value) {
  for (const auto& [position, made] : records_)
    if (made.record.value == value) return store(position.first, position.second, value);
  world_.expect(false, "something was stored that is in no record");
}

Status RecordWorld::write_to_store(const std::function<void()>& write) {
  if (world_.dice().one_in(8)) world_.pass(std::chrono::microseconds{world_.dice().below(20'000)});
  if (store_is_away_ > 0 && !world_.is_quiet()) {
    --store_is_away_;
    return {ErrorKind::kUnavailable, "the store is away"};
  }
  if (world_.fails(20, "the store goes away")) store_is_away_ = world_.dice().below(6);
  if (world_.fails(20, "the store refuses a batch"))
    return {ErrorKind::kInternal, "the store refused"};
  write();
  if (world_.fails(20, "the store's answer is lost"))
    return {ErrorKind::kUnavailable, "no answer of the store"};
  return {};
}

void RecordWorld::collect_letters() {
  const auto all = broker_.records(kLetters, 0);
  for (; letters_seen_ < all.size(); ++letters_seen_) {
    Position at{};
    for (const RecordHeader& header : all[letters_seen_].record.headers) {
      if (header.key == "bora.dlq.partition")
        at.first = static_cast<std::uint32_t>(std::stoul(header.value));
      if (header.key == "bora.dlq.offset") at.second = std::stoll(header.value);
    }
    world_.expect(
        records_.count(at) != 0 && records_[at].record.value == all[letters_seen_].record.value,
        "a dead letter is not what was read at " + name_of(at.first, at.second));
    letters_.insert(at);
  }
}

void RecordWorld::look_at_commit(const CommitRequest& request) {
  collect_letters();
  for (auto it = records_.lower_bound({request.partition, 0});
       it != records_.end() && it->first < Position{request.partition, request.next_offset}; ++it)
    world_.expect(is_done(it->first),
                  "partition " + std::to_string(request.partition) + " was committed up to " +
                      std::to_string(request.next_offset) + ", but " +
                      name_of(it->first.first, it->first.second) + " is not done");
}

bool RecordWorld::is_all_done() {
  collect_letters();
  for (const auto& [position, made] : records_)
    if (!is_done(position)) return false;
  return true;
}

}  // namespace bora::simulation
