#include "connectors/log/group_writer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "connectors/log/chunk_codec.hpp"

namespace bora::log {
namespace {

// Bounds the memory of one group, and how long the first append of it waits for the last.
constexpr std::size_t kGroupBytes = 4u << 20;
// Opening a database on a broken disk is work; readers and committers may ask for it often.
constexpr std::chrono::milliseconds kRetryEvery{100};

}  // namespace

GroupWriter::GroupWriter(LogStore& store, const Clock& clock, Durability durability,
                         std::function<Status()> recover)
    : store_(store),
      clock_(clock),
      durability_(durability),
      recover_(std::move(recover)),
      thread_([this] { run(); }) {}

Status GroupWriter::submit(AppendBatch batch, AppendDone done) {
  {
    const std::lock_guard lock{mutex_};
    if (closing_)
      return {ErrorKind::kClosed,
              "could not append records: the topic log was closed; open it again"};
    queue_.push_back({std::move(batch), std::move(done), {}});
  }
  changed_.notify_one();
  return {};
}

void GroupWriter::close() {
  const std::lock_guard one_at_a_time{close_mutex_};
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void GroupWriter::poke() {
  {
    const std::lock_guard lock{mutex_};
    is_poked_ = true;
  }
  changed_.notify_one();
}

void GroupWriter::run() {
  for (;;) {
    Group group;
    if (!wait_for_group(group)) return;
    const Status ready = make_ready();
    if (group.batches.empty()) continue;
    if (!ready) {
      failed_groups_.fetch_add(1);
      complete(group, ready);
      continue;
    }
    build(group, to_millis(clock_.wall_now()));
    write(group);
  }
}

/// Takes what waits; false when nothing does and nothing will.
bool GroupWriter::wait_for_group(Group& group) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return closing_ || is_poked_ || !queue_.empty(); });
  for (std::size_t bytes = 0; !queue_.empty() && bytes < kGroupBytes; queue_.pop_front()) {
    bytes += queue_.front().batch.bytes();
    group.batches.push_back(std::move(queue_.front()));
  }
  return std::exchange(is_poked_, false) || !group.batches.empty();
}

/// Opens the database again if a write failed. What was written then, and answered as failed, may turn
/// out to be there; its offsets count as given out.
Status GroupWriter::make_ready() {
  if (ready_ && !store_.has_failed()) return {};
  if (!ready_ && clock_.now() < retry_at_) return ready_;
  ready_ = store_.reopen();
  if (ready_) ready_ = recover_();
  retry_at_ = clock_.now() + kRetryEvery;
  return ready_;
}

void GroupWriter::build(Group& group, std::int64_t now_ms) {
  for (Pending& pending : group.batches)
    add(pending, group, now_ms);
  for (auto& [partition, building] : group.partitions)
    close_chunk(building);
}

void GroupWriter::add(Pending& pending, Group& group, std::int64_t now_ms) {
  std::string_view rest = pending.batch.encoded_;
  pending.places.reserve(pending.batch.size());
  for (const AppendBatch::Entry& entry : pending.batch.entries_) {
    auto [found, is_new] = group.partitions.try_emplace(entry.partition);
    Building& building = found->second;
    if (is_new) {
      building.bounds = entry.partition->bounds();
      // Never backwards, whatever the wall clock does: retention searches by this time.
      building.bounds.last_append_ms = std::max(building.bounds.last_append_ms, now_ms);
    }
    if (building.bytes.empty()) building.bytes.resize(kChunkHeaderBytes);
    pending.places.push_back({entry.partition->index(), building.bounds.end + building.count});
    building.bytes.append(rest.substr(0, entry.bytes));
    ++building.count;
    rest.remove_prefix(entry.bytes);
    if (building.bytes.size() >= kChunkBytes) close_chunk(building);
  }
  group.records += pending.batch.size();
}

void GroupWriter::close_chunk(Building& building) {
  if (building.count == 0) return;
  PartitionBounds& bounds = building.bounds;
  write_chunk_header({building.count, bounds.last_append_ms, bounds.end_position, building.count},
                     building.bytes);
  auto chunk = std::make_shared<Chunk>();
  chunk->base = bounds.end;
  chunk->span = building.count;
  chunk->bytes = std::exchange(building.bytes, {});
  building.count = 0;
  bounds.end = chunk->end();
  bounds.end_position += chunk->bytes.size();
  building.chunks.emplace_back(std::move(chunk), bounds);
}

void GroupWriter::write(Group& group) {
  std::vector<std::pair<const Partition*, ChunkPtr>> chunks;
  for (const auto& [partition, building] : group.partitions)
    for (const auto& [chunk, bounds] : building.chunks)
      chunks.emplace_back(partition, chunk);
  const Status written = store_.write_chunks(chunks, durability_);
  if (written) {
    // On failure the offsets are not taken: nobody has seen them, and make_ready() finds out whether
    // they are.
    publish(group);
    appended_records_.fetch_add(group.records);
    written_groups_.fetch_add(1);
  } else {
    failed_groups_.fetch_add(1);
  }
  complete(group, written);
}

void GroupWriter::publish(Group& group) {
  std::vector<Topic*> topics;
  for (auto& [partition, building] : group.partitions) {
    for (auto& [chunk, bounds] : building.chunks)
      partition->publish(std::move(chunk), bounds.end_position, bounds.last_append_ms);
    Topic* topic = &partition->topic();
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) topics.push_back(topic);
  }
  for (Topic* topic : topics)
    topic->wake_waiters();
}

void GroupWriter::complete(Group& group, const Status& status) {
  for (Pending& pending : group.batches) {
    // First the room in the queue, then the news: who is told may append again at once.
    pending.batch.share_.release();
    if (status)
      pending.done({status, std::move(pending.places)});
    else
      pending.done({status, {}});
  }
}

}  // namespace bora::log
