#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/assignment.hpp"
#include "connectors/log/partitioner.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

namespace {

constexpr std::size_t kMembers = 3;

enum class Kind { kAppend, kPoll, kCommit, kJoin, kLeave, kReopen, kRetain };

struct Operation {
  Kind kind = Kind::kAppend;
  std::size_t member = 0;
  int amount = 0;
};

std::ostream& operator<<(std::ostream& out, const Operation& op) {
  static constexpr std::array kNames{"append", "poll",   "commit", "join",
                                     "leave",  "reopen", "retain"};
  return out << kNames.at(static_cast<std::size_t>(op.kind)) << "(" << op.member << ", "
             << op.amount << ")";
}

rc::Gen<Operation> operation() {
  return rc::gen::exec([] {
    Operation op;
    op.kind = *rc::gen::weightedElement<Kind>({{6, Kind::kAppend},
                                               {10, Kind::kPoll},
                                               {5, Kind::kCommit},
                                               {3, Kind::kJoin},
                                               {2, Kind::kLeave},
                                               {1, Kind::kReopen},
                                               {1, Kind::kRetain}});
    op.member = *rc::gen::inRange<std::size_t>(0, kMembers);
    op.amount = *rc::gen::inRange(1, 40);
    return op;
  });
}

/// What a topic and its group should be, kept as plainly as possible.
struct Model {
  struct Partition {
    std::vector<Record> records;  ///< Index is the offset; what retention removed stays here.
    std::int64_t start = 0;
    std::optional<std::int64_t> committed;
    [[nodiscard]] std::int64_t first() const { return std::max(committed.value_or(start), start); }
  };
  std::vector<Partition> partitions;
};

/// The log under test beside the model, and what each member should see next.
class Run {
 public:
  Run(std::uint32_t partitions, std::size_t tail_bytes) {
    fixture_.options.default_partitions = partitions;
    fixture_.options.tail_bytes_per_partition = tail_bytes;
    fixture_.open();
    TopicOptions options;
    options.retention_bytes = 3000;
    RC_ASSERT(fixture_.log->create_topic("t", options).is_ok());
    model_.partitions.resize(partitions);
  }
  ~Run() { leave_all(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void apply(const Operation& op) {
    switch (op.kind) {
      case Kind::kAppend: append_records(op.amount); break;
      case Kind::kPoll: poll(op.member, static_cast<std::size_t>(op.amount)); break;
      case Kind::kCommit: commit(op.member, op.amount); break;
      case Kind::kJoin: join(op.member); break;
      case Kind::kLeave: leave(op.member); break;
      case Kind::kReopen: reopen(); break;
      case Kind::kRetain: retain(); break;
    }
    check_ownership();
    check_stats();
  }

  /// Everybody polls until nothing comes: then the shares are even and every record was seen.
  void settle() {
    if (members_.at(0) == nullptr) join(0);
    for (int round = 0; round < 4; ++round)
      for (std::size_t m = 0; m < kMembers; ++m)
        while (members_[m] != nullptr && poll(m, 1000) > 0) {
        }
    std::size_t held = 0;
    std::set<std::size_t> shares;
    for (const auto& member : members_) {
      if (member == nullptr) continue;
      held += member->held.size();
      shares.insert(member->held.size());
    }
    RC_ASSERT(held == model_.partitions.size());
    RC_ASSERT(*shares.rbegin() - *shares.begin() <= 1u);
    for (std::uint32_t p = 0; p < model_.partitions.size(); ++p)
      RC_ASSERT(next_.at(p) == static_cast<std::int64_t>(model_.partitions[p].records.size()));
  }

 private:
  void append_records(int count) {
    std::vector<Record> records;
    for (int i = 0; i < count; ++i) {
      const int number = appended_++;
      records.push_back(
          number % 5 == 0 ? keyless("value " + std::to_string(number))
                          : keyed(std::to_string(number % 11), "value " + std::to_string(number)));
      if (number % 7 == 0) records.back().headers = {{"n", std::to_string(number)}};
    }
    const auto places = append(*fixture_.log, "t", records);
    RC_ASSERT(places.size() == records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      auto& partition = model_.partitions.at(places[i].partition);
      RC_ASSERT(places[i].offset == static_cast<std::int64_t>(partition.records.size()));
      partition.records.push_back(records[i]);
    }
  }

  std::size_t poll(std::size_t m, std::size_t max) {
    if (members_[m] == nullptr) return 0;
    Member& member = *members_[m];
    const auto before = member.held;
    const auto records = member.poll(max);
    RC_ASSERT(records.size() <= max);
    for (const auto& [partition, holding] : member.held) {
      const bool is_new =
          std::none_of(before.begin(), before.end(),
                       [&, p = partition](const auto& old) { return old.first == p; });
      if (!is_new) continue;
      RC_ASSERT(holding.next == model_.partitions[partition].first());
      next_[partition] = holding.next;
    }
    for (const SourceRecord& record : records) {
      const RecordPosition& at = record.position;
      const auto& partition = model_.partitions.at(at.partition);
      RC_ASSERT(member.holding(at.partition) != nullptr);
      RC_ASSERT(member.holding(at.partition)->epoch == at.epoch);
      // The next one, or after retention the first that is left; a chunk that a reader is inside may
      // outlive its removal.
      std::int64_t& next = next_.at(at.partition);
      RC_ASSERT(at.offset == next || (at.offset == partition.start && next < partition.start));
      RC_ASSERT(record.record == partition.records.at(static_cast<std::size_t>(at.offset)));
      next = at.offset + 1;
    }
    return records.size();
  }

  void commit(std::size_t m, int amount) {
    if (members_[m] == nullptr || members_[m]->held.empty()) return;
    Member& member = *members_[m];
    const auto& [partition, holding] =
        member.held[static_cast<std::size_t>(amount) % member.held.size()];
    if (amount % 4 == 0) {  // late: of an epoch that is over
      RC_ASSERT(member.commit(partition, holding.epoch - 1, 0).is_ok());
      return;
    }
    RC_ASSERT(member.commit(partition, holding.epoch, next_.at(partition)).is_ok());
    model_.partitions[partition].committed = next_.at(partition);
  }

  void join(std::size_t m) {
    if (members_[m] != nullptr) return;
    members_[m] = std::make_unique<Member>(*fixture_.log, "t", "g");
    members_[m]->open();
  }

  void leave(std::size_t m) {
    if (members_[m] == nullptr) return;
    members_[m]->source.close();
    RC_ASSERT(members_[m]->held.empty());
    members_[m].reset();
  }

  void leave_all() {
    for (auto& member : members_)
      member.reset();
  }

  void reopen() {
    leave_all();
    fixture_.reopen();
  }

  void retain() {
    RC_ASSERT(fixture_.log->enforce_retention(fixture_.clock.wall).is_ok());
    const LogStats stats = fixture_.log->stats();
    for (std::size_t p = 0; p < model_.partitions.size(); ++p) {
      const PartitionStats& found = stats.topics.at(0).partitions.at(p);
      RC_ASSERT(found.start_offset >= model_.partitions[p].start);
      RC_ASSERT(found.bytes <= 3000u);
      model_.partitions[p].start = found.start_offset;
    }
  }

  void check_ownership() {
    std::set<std::uint32_t> owned;
    for (const auto& member : members_) {
      if (member == nullptr) continue;
      for (const auto& [partition, holding] : member->held)
        RC_ASSERT(owned.insert(partition).second);
    }
  }

  void check_stats() {
    const LogStats stats = fixture_.log->stats();
    for (std::size_t p = 0; p < model_.partitions.size(); ++p) {
      const auto& expected = model_.partitions[p];
      const auto end = static_cast<std::int64_t>(expected.records.size());
      RC_ASSERT(stats.topics.at(0).partitions.at(p).start_offset == expected.start);
      RC_ASSERT(stats.topics.at(0).partitions.at(p).end_offset == end);
      if (stats.groups.empty()) continue;
      RC_ASSERT(stats.groups.at(0).lags.at(p) ==
                static_cast<std::uint64_t>(end - expected.first()));
    }
  }

  LogFixture fixture_;
  Model model_;
  std::array<std::unique_ptr<Member>, kMembers> members_;
  std::map<std::uint32_t, std::int64_t> next_;  ///< By partition: what its owner should see next.
  int appended_ = 0;
};

}  // namespace

TEST_CASE("any sequence of operations leaves the log as a plain model of it") {
  const bool holds = rc::check("topic log against its model", [] {
    const auto partitions = *rc::gen::inRange<std::uint32_t>(1, 6);
    const auto tail_bytes = *rc::gen::element<std::size_t>(0, 1000, 1u << 20);
    const auto operations = *rc::gen::container<std::vector<Operation>>(operation());
    Run run{partitions, tail_bytes};
    for (const Operation& op : operations)
      run.apply(op);
    run.settle();
  });
  CHECK(holds);
}

TEST_CASE("any assignment is even, complete, and moves no partition that could stay") {
  const bool holds = rc::check("assignment", [] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 6);
    std::vector<MemberId> members;
    for (MemberId id = 1; id <= count; ++id)
      members.push_back(id);
    // Owners 0 and 6 are members that left.
    const auto current =
        *rc::gen::container<std::vector<MemberId>>(rc::gen::inRange<MemberId>(0, 7));
    const std::vector<std::optional<MemberId>> before(current.begin(), current.end());
    const auto after = assign_partitions(members, before);

    std::map<MemberId, std::size_t> held_before;
    std::map<MemberId, std::size_t> held;
    std::size_t stayed = 0;
    for (std::size_t p = 0; p < before.size(); ++p) {
      RC_ASSERT(after[p].has_value());
      ++held[*after[p]];
      ++held_before[*before[p]];
      if (after[p] == before[p]) ++stayed;
    }
    std::size_t most_that_could_stay = 0;
    std::vector<std::size_t> had;
    for (const MemberId id : members) {
      RC_ASSERT(held[id] >= before.size() / count);
      RC_ASSERT(held[id] <= (before.size() + count - 1) / count);
      had.push_back(held_before[id]);
    }
    std::sort(had.rbegin(), had.rend());
    for (std::size_t i = 0; i < had.size(); ++i)
      most_that_could_stay +=
          std::min(had[i], before.size() / count + (i < before.size() % count ? 1 : 0));
    RC_ASSERT(stayed == most_that_could_stay);
  });
  CHECK(holds);
}
