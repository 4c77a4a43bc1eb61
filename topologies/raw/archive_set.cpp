#include "topologies/raw/archive_set.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bora/check.hpp"

namespace bora::raw {
namespace {

auto order_of(const ArchiveEntry& entry) noexcept {
  return std::tuple{entry.inserted, entry.partition, entry.offset};
}

}  // namespace

ArchiveSetScan::ArchiveSetScan(std::vector<ArchiveScan> scans) : scans_(std::move(scans)) {}

bool ArchiveSetScan::advance(std::size_t scan) {
  if (scans_[scan].next()) return true;
  if (!scans_[scan].status()) status_ = scans_[scan].status();
  return false;
}

bool ArchiveSetScan::next() {
  if (!status_) return false;
  if (!std::exchange(is_started_, true)) {
    for (std::size_t i = 0; i < scans_.size(); ++i)
      if (advance(i)) alive_.push_back(i);
  } else if (!alive_.empty()) {
    // Whoever stands at the entry that was given out goes on: those are the duplicates.
    const auto given = order_of(entry());
    std::erase_if(
        alive_, [&](std::size_t i) { return order_of(scans_[i].entry()) == given && !advance(i); });
  }
  if (!status_ || alive_.empty()) return false;
  at_ = *std::min_element(alive_.begin(), alive_.end(), [&](std::size_t a, std::size_t b) {
    return order_of(scans_[a].entry()) < order_of(scans_[b].entry());
  });
  return true;
}

ArchiveSet::ArchiveSet(std::vector<const ArchiveReader*> readers) : readers_(std::move(readers)) {
  BORA_CHECK(!readers_.empty(), "a set of no archives");
}

ArchiveSetScan ArchiveSet::scan(coldchain::DeviceId device_id, WallTime from, WallTime to) const {
  std::vector<ArchiveScan> scans;
  for (const ArchiveReader* reader : readers_)
    scans.push_back(reader->scan(device_id, from, to));
  return ArchiveSetScan{std::move(scans)};
}

Result<std::vector<coldchain::DeviceId>> ArchiveSet::devices() const {
  std::vector<coldchain::DeviceId> all;
  for (const ArchiveReader* reader : readers_) {
    const auto devices = reader->devices();
    if (!devices) return devices.status();
    all.insert(all.end(), devices->begin(), devices->end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Result<std::uint64_t> ArchiveSet::count() const {
  if (readers_.size() == 1) return readers_.front()->count();
  const auto all = devices();
  if (!all) return all.status();
  std::uint64_t entries = 0;
  for (const coldchain::DeviceId device : *all) {
    ArchiveSetScan scan = this->scan(device);
    while (scan.next())
      ++entries;
    if (!scan.status()) return scan.status();
  }
  return entries;
}

}  // namespace bora::raw
