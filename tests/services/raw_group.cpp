#include "services/raw_group.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <ostream>
#include <unistd.h>
#include <utility>

#include "bora/check.hpp"
#include "topologies/raw/archive_set.hpp"

namespace bora::services {

namespace {

void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }

}  // namespace

RawGroup::RawGroup(Options options)
    : options_(std::move(options)),
      topic_("raw-group-" + std::to_string(::getpid())),
      members_(options_.processes) {
  auto admin = kafka::TopicAdmin::make({.brokers = options_.brokers});
  must(admin.status());
  admin_ = *std::move(admin);
  must(admin_->create(
      {.name = topic_, .partitions = kPartitions, .replication = options_.replication}));
  must(admin_->create(
      {.name = topic_ + ".dlq", .partitions = 1, .replication = options_.replication}));
  for (std::size_t i = 0; i < members_.size(); ++i)
    members_[i].archive = directory_.path() / ("archive-" + std::to_string(i));
}

void RawGroup::start(std::size_t process) {
  std::vector<std::string> settings{"topics=kafka://" + options_.brokers,
                                    "raw.topic=" + topic_,
                                    "raw.messages=reports",
                                    "raw.group=" + topic_,
                                    "archive=rocksdb:" + members_[process].archive.string(),
                                    "control.port=0",
                                    "raw.commit_every=200ms"};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  std::vector<std::string> arguments{"run"};
  for (std::string& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(std::move(setting));
  }
  members_[process].program = std::make_unique<e2e::Program>(
      BORA_RAW, std::move(arguments),
      directory_.path() / ("raw-" + std::to_string(process) + ".log"));
}

void RawGroup::kill(std::size_t process) {
  members_[process].program->kill();
  members_[process].program.reset();
}

int RawGroup::stop(std::size_t process) {
  members_[process].program->signal(SIGTERM);
  const auto code = members_[process].program->wait(std::chrono::seconds{40});
  members_[process].program.reset();
  return code.value_or(-1);
}

std::vector<std::int64_t> RawGroup::committed() {
  auto offsets = admin_->committed(topic_, topic_);
  if (!offsets) return {};
  for (std::int64_t& offset : *offsets)
    offset = std::max<std::int64_t>(offset, 0);
  return *std::move(offsets);
}

std::vector<std::int64_t> RawGroup::ends() {
  std::vector<std::int64_t> ends;
  const auto ranges = admin_->offsets(topic_);
  for (std::size_t i = 0; ranges && i < ranges->size(); ++i)
    ends.push_back((*ranges)[i].end);
  return ends;
}

RawGroup::Archived RawGroup::archived() const {
  Archived all;
  std::vector<std::unique_ptr<raw::ArchiveReader>> readers;
  std::vector<const raw::ArchiveReader*> set;
  for (const Member& member : members_) {
    if (!std::filesystem::exists(member.archive / "CURRENT")) continue;
    auto reader = raw::ArchiveReader::open(member.archive);
    must(reader.status());
    all.entries += (*reader)->count().value();
    set.push_back(reader->get());
    readers.push_back(*std::move(reader));
  }
  if (set.empty()) return all;
  const raw::ArchiveSet archives{set};
  const auto devices = archives.devices();
  for (const coldchain::DeviceId device : devices.value()) {
    raw::ArchiveSetScan scan = archives.scan(device);
    while (scan.next()) {
      all.offsets.at(scan.entry().partition).insert(scan.entry().offset);
      ++all.as_a_set;
    }
  }
  return all;
}

std::uint64_t missing_below(const std::vector<std::int64_t>& next,
                            const RawGroup::Archived& archived) {
  std::uint64_t missing = 0;
  for (std::size_t p = 0; p < next.size(); ++p) {
    const auto& offsets = archived.offsets.at(p);
    const auto there = std::distance(offsets.begin(), offsets.lower_bound(next[p]));
    missing += static_cast<std::uint64_t>(next[p] - there);
  }
  return missing;
}

void Pauses::look(const std::vector<std::int64_t>& committed,
                  const std::vector<std::int64_t>& ends) {
  const SteadyTime now = std::chrono::steady_clock::now();
  for (std::size_t p = 0; p < std::min(committed.size(), ends.size()); ++p) {
    Partition& at = partitions_.at(p);
    const bool stands = committed[p] == at.committed && committed[p] < ends[p];
    if (!stands) at.since = now;
    at.committed = committed[p];
    at.longest = std::max(at.longest, now - at.since);
  }
}

void Pauses::print(std::ostream& out) const {
  out << "longest pause of commits by partition, s:";
  for (const Partition& at : partitions_)
    out << ' ' << std::chrono::duration<double>(at.longest).count();
  out << '\n';
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace bora::services
