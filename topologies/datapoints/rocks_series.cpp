#include "topologies/datapoints/rocks_series.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include "connectors/rocksdb/holders.hpp"
#include "topologies/datapoints/series_key.hpp"

namespace bora::datapoints {

using namespace internal;
using coldchain::DeviceId;
using coldchain::IntervalQuery;
using coldchain::PointQuery;
using coldchain::RefusedPoint;
using coldchain::Series;
using coldchain::SeriesInterval;
using coldchain::SeriesPoint;
using coldchain::SeriesScan;
using coldchain::TimeOrder;
using coldchain::TimeRange;
using Database = store::Database;

namespace {

constexpr const char* kMetaFamily = "default";
constexpr const char* kPointsFamily = "points";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "bora series 1";

/// Orders as the keys do.
bool is_before(const SeriesPoint* a, const SeriesPoint* b) {
  return std::tie(a->device_id, a->series, a->time, a->gateway_id) <
         std::tie(b->device_id, b->series, b->time, b->gateway_id);
}

/// Where the interval that holds `time` begins. Unsigned: a range may begin at the least of all times.
WallTime interval_of(WallTime time, const IntervalQuery& query) {
  const auto begin = static_cast<std::uint64_t>(to_millis(query.range.from));
  const auto length = static_cast<std::uint64_t>(query.length.count());
  const std::uint64_t after = static_cast<std::uint64_t>(to_millis(time)) - begin;
  return from_millis(static_cast<std::int64_t>(begin + after / length * length));
}

}  // namespace

class RocksSeries::Impl {
 public:
  Impl(RocksSeriesOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Status open();
  Result<std::vector<RefusedPoint>> write(std::span<const SeriesPoint> points);
  [[nodiscard]] Result<std::shared_ptr<Database>> find() const;
  [[nodiscard]] TimeRange kept(TimeRange range) const {
    return {std::max(range.from, oldest_kept()), range.to};
  }
  [[nodiscard]] Error unreadable() const {
    return {ErrorKind::kCorrupt, "there is an entry of an unknown form in the series store " +
                                     options_.path.string() +
                                     "; restore it, or delete it and replay the topic"};
  }

  /// One curve, from `range.from` on or from `range.to` back.
  template <class Visit>
  Status walk(DeviceId device, Series series, TimeRange range, TimeOrder order, Visit visit) const;

 private:
  [[nodiscard]] store::DatabaseOptions database_options() const;
  [[nodiscard]] WallTime oldest_kept() const {
    return options_.retention.count() == 0 ? WallTime::min()
                                           : clock_.wall_now() - options_.retention;
  }
  Status check_format(Database& database) const;
  Status fill(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family,
              std::span<const SeriesPoint* const> points) const;

  const RocksSeriesOptions options_;
  const Clock& clock_;

  std::mutex writing_;        // one batch at a time: the store's order of batches is theirs
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<Database> database_;  // with those who read; null after a failed write
  std::weak_ptr<Database> last_;        // of a closed one: who still reads keeps it from opening
};

store::DatabaseOptions RocksSeries::Impl::database_options() const {
  store::DatabaseOptions database;
  database.path = options_.path;
  database.block_cache_bytes = options_.block_cache_bytes;
  database.max_wal_bytes = 4 * options_.write_buffer_bytes;
  store::FamilyOptions points;
  points.name = kPointsFamily;
  points.write_buffer_bytes = options_.write_buffer_bytes;
  // No insert hint for each device: batches are sorted, which gains much of the same (README).
  if (options_.retention.count() > 0) {
    points.is_expired = [retention = options_.retention, &clock = clock_](std::string_view key) {
      return key.size() == kKeyBytes && time_of_key(key) < clock.wall_now() - retention;
    };
  }
  database.families = {std::move(points)};
  return database;
}

Status RocksSeries::Impl::check_format(Database& database) const {
  std::string format;
  auto* family = database.family(kMetaFamily);
  const rocksdb::Status found = database->Get({}, family, store::slice(kFormatKey), &format);
  if (found.ok() && format == kFormat) return {};
  if (found.ok())
    return {ErrorKind::kInvalid, "the series store " + options_.path.string() +
                                     " has the format \"" + format + "\", this version knows \"" +
                                     std::string{kFormat} + "\"; use the version that wrote it"};
  if (!found.IsNotFound()) return database.translate(found, "read the format of the series store");
  rocksdb::WriteBatch batch;
  const auto put = batch.Put(family, store::slice(kFormatKey), store::slice(kFormat));
  if (!put.ok()) return database.translate(put, "make the series store");
  rocksdb::WriteOptions synced;
  synced.sync = true;
  return database.write(synced, batch, "make the series store");
}

Status RocksSeries::Impl::open() {
  const std::lock_guard lock{mutex_};
  if (database_ != nullptr) return {};
  if (!last_.expired())
    return {ErrorKind::kUnavailable, "the series store " + options_.path.string() +
                                         " cannot be opened again after a failed write before "
                                         "those who still read it end"};
  auto opened = Database::open(database_options());
  if (!opened) return opened.status();
  if (Status known = check_format(**opened); !known) return known;
  database_ = std::move(opened).value();
  return {};
}

Result<std::shared_ptr<Database>> RocksSeries::Impl::find() const {
  const std::lock_guard lock{mutex_};
  if (database_ != nullptr) return database_;
  return Error{ErrorKind::kUnavailable,
               "the series store " + options_.path.string() +
                   " is closed since a write failed, and is opened again with the next one; see to "
                   "the disk, and try again"};
}

Status RocksSeries::Impl::fill(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family,
                               std::span<const SeriesPoint* const> points) const {
  std::string key;
  std::string value;
  for (const SeriesPoint* point : points) {
    key.clear();
    value.clear();
    append_key(key, *point);
    append_value(value, *point);
    if (const auto put = batch.Put(family, key, value); !put.ok())
      return store::translate(put, "write points", options_.path);
  }
  return {};
}

Result<std::vector<RefusedPoint>> RocksSeries::Impl::write(std::span<const SeriesPoint> points) {
  std::vector<RefusedPoint> refused;
  std::vector<const SeriesPoint*> good;
  good.reserve(points.size());
  for (const SeriesPoint& point : points) {
    if (const auto why = coldchain::why_refused(point); !why.empty())
      refused.push_back({static_cast<std::size_t>(&point - points.data()), std::string{why}});
    else
      good.push_back(&point);
  }
  if (good.empty()) return refused;
  // By key: each is inserted behind the one before it. Stable: of two for one key the later one wins.
  std::stable_sort(good.begin(), good.end(), is_before);

  const std::lock_guard one_at_a_time{writing_};
  if (Status opened = open(); !opened) return opened;
  auto found = find();
  if (!found) return found.status();
  std::shared_ptr<Database> database = *std::move(found);
  rocksdb::WriteBatch batch{good.size() * (kKeyBytes + 12) + 16};
  if (Status filled = fill(batch, database->family(kPointsFamily), good); !filled) return filled;
  rocksdb::WriteOptions how;
  how.sync = options_.durability == RocksSeriesOptions::Durability::kSynced;
  if (Status written = database->write(how, batch, "write points"); !written) {
    const std::lock_guard lock{mutex_};
    last_ = database_;
    database_.reset();
    return written;
  }
  return refused;
}

template <class Visit>
Status RocksSeries::Impl::walk(DeviceId device, Series series, TimeRange range, TimeOrder order,
                               Visit visit) const {
  range = kept(range);
  if (range.to < range.from) return {};
  auto found = find();
  if (!found) return found.status();
  const std::shared_ptr<Database> database = *std::move(found);
  const std::string lower = key_at(device, series, range.from);
  const std::string upper = key_after(device, series, range.to);
  const rocksdb::Slice lower_bound{lower};
  const rocksdb::Slice upper_bound{upper};
  rocksdb::ReadOptions reading;
  reading.iterate_lower_bound = &lower_bound;
  reading.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> at{
      (*database)->NewIterator(reading, database->family(kPointsFamily))};
  const bool is_forward = order == TimeOrder::kOldestFirst;
  for (is_forward ? at->SeekToFirst() : at->SeekToLast(); at->Valid();
       is_forward ? at->Next() : at->Prev()) {
    const auto point = read_point(store::view(at->key()), store::view(at->value()));
    if (!point) return unreadable();
    if (!visit(*point)) return {};
  }
  return database->translate(at->status(), "read points");
}

RocksSeries::RocksSeries(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RocksSeries::~RocksSeries() = default;

Result<std::unique_ptr<RocksSeries>> RocksSeries::open(const RocksSeriesOptions& options,
                                                       const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, clock);
  if (Status opened = impl->open(); !opened) return opened;
  return std::unique_ptr<RocksSeries>{new RocksSeries{std::move(impl)}};
}

Result<std::vector<RefusedPoint>> RocksSeries::write(std::span<const SeriesPoint> points) {
  return impl_->write(points);
}

Result<std::vector<SeriesPoint>> RocksSeries::points(const PointQuery& query) {
  if (Status good = check(query); !good) return good;
  std::vector<SeriesPoint> found;
  Status walked = impl_->walk(query.device_id, query.series, query.range, query.order,
                              [&](const SeriesPoint& point) {
                                found.push_back(point);
                                return found.size() < query.limit;
                              });
  if (!walked) return walked;
  return found;
}

Result<std::vector<SeriesInterval>> RocksSeries::intervals(const IntervalQuery& query) {
  if (Status good = check(query); !good) return good;
  std::vector<SeriesInterval> found;
  Status walked = impl_->walk(query.device_id, query.series, query.range, TimeOrder::kOldestFirst,
                              [&](const SeriesPoint& point) {
                                const WallTime from = interval_of(point.time, query);
                                if (found.empty() || found.back().from != from) {
                                  if (found.size() == query.limit) return false;
                                  found.push_back({.from = from});
                                }
                                found.back().add(point.value);
                                return true;
                              });
  if (!walked) return walked;
  return found;
}

Status RocksSeries::scan(const SeriesScan& scan,
                         const std::function<bool(const SeriesPoint&)>& visit) const {
  bool goes_on = true;
  const auto show = [&](const SeriesPoint& point) { return goes_on = visit(point); };
  if (!scan.devices.empty()) {
    std::vector<DeviceId> devices = scan.devices;
    std::sort(devices.begin(), devices.end());
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
    for (const DeviceId device : devices) {
      Status walked = impl_->walk(device, scan.series, scan.range, TimeOrder::kOldestFirst, show);
      if (!walked || !goes_on) return walked;
    }
    return {};
  }
  const TimeRange range = impl_->kept(scan.range);
  if (range.to < range.from) return {};
  auto found = impl_->find();
  if (!found) return found.status();
  const std::shared_ptr<Database> database = *std::move(found);
  const std::unique_ptr<rocksdb::Iterator> at{
      (*database)->NewIterator({}, database->family(kPointsFamily))};
  at->SeekToFirst();
  while (at->Valid()) {
    // From here to the first point of this device, through the range, and on to the next device.
    const DeviceId device = device_of_key(store::view(at->key()));
    const std::string end = key_after(device, scan.series, range.to);
    for (at->Seek(key_at(device, scan.series, range.from));
         at->Valid() && store::view(at->key()) < end; at->Next()) {
      const auto point = read_point(store::view(at->key()), store::view(at->value()));
      if (!point) return impl_->unreadable();
      if (!show(*point)) return {};
    }
    if (device == DeviceId{std::numeric_limits<std::uint64_t>::max()}) break;
    at->Seek(key_at(DeviceId{to_uint(device) + 1}, Series{}, WallTime::min()));
  }
  return database->translate(at->status(), "scan the series store");
}

Result<SeriesStats> RocksSeries::stats() const {
  auto found = impl_->find();
  if (!found) return found.status();
  Database& database = **found;
  auto* family = database.family(kPointsFamily);
  SeriesStats stats;
  using Properties = rocksdb::DB::Properties;
  database->GetIntProperty(family, Properties::kEstimateNumKeys, &stats.points);
  database->GetIntProperty(family, Properties::kTotalSstFilesSize, &stats.file_bytes);
  database->GetIntProperty(family, Properties::kCurSizeAllMemTables, &stats.memory_bytes);
  return stats;
}

Status RocksSeries::compact() {
  auto found = impl_->find();
  if (!found) return found.status();
  Database& database = **found;
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return database.translate(
      database->CompactRange(options, database.family(kPointsFamily), nullptr, nullptr),
      "compact the series store");
}

}  // namespace bora::datapoints
