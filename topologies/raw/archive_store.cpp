#include "topologies/raw/archive_store.hpp"

#include <cstdlib>
#include <system_error>
#include <vector>

#include <rocksdb/write_batch.h>

#include "topologies/raw/archive_key.hpp"

namespace bora::raw {

using internal::kEntriesFamily;
using internal::Secondary;

store::DatabaseOptions internal::database_options(const ArchiveOptions& options) {
  store::DatabaseOptions database;
  database.path = options.path;
  database.max_wal_bytes = 4 * options.write_buffer_bytes;
  database.families = {{.name = kEntriesFamily,
                        .write_buffer_bytes = options.write_buffer_bytes,
                        .ascending_prefix_bytes = kDeviceBytes}};
  return database;
}

Result<internal::ScratchDirectory> internal::ScratchDirectory::make() {
  std::error_code failed;
  const auto parent = std::filesystem::temp_directory_path(failed);
  std::string pattern = (parent / "bora-archive-XXXXXX").string();
  if (failed || ::mkdtemp(pattern.data()) == nullptr) {
    return Error{ErrorKind::kUnavailable, "could not create a directory like " + pattern +
                                              "; set TMPDIR to one that can be written"};
  }
  return ScratchDirectory{std::move(pattern)};
}

namespace {

constexpr const char* kMetaFamily = "default";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "bora raw archive 1";

Result<std::unique_ptr<Secondary>> open_secondary(const std::filesystem::path& path) {
  auto scratch = internal::ScratchDirectory::make();
  if (!scratch) return scratch.status();
  auto secondary = std::make_unique<Secondary>(*std::move(scratch));
  rocksdb::DBOptions options;
  options.max_open_files = -1;  // Files that the owner deletes stay readable while they are open.
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{{kMetaFamily, {}},
                                                              {kEntriesFamily, {}}};
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened;
  // The owner may replace files between the moment they are listed and the moment they are opened.
  for (int attempt = 0; attempt < 5; ++attempt) {
    opened = rocksdb::DB::OpenAsSecondary(options, path.string(), secondary->scratch.path(),
                                          families, &secondary->families, &db);
    if (opened.ok() || opened.IsInvalidArgument()) break;
  }
  if (opened.IsInvalidArgument()) {
    return Error{ErrorKind::kInvalid,
                 path.string() + " is a database, but no archive; check the path"};
  }
  if (!opened.ok()) return store::translate(opened, "open the archive for reading", path);
  secondary->db.reset(db);
  return secondary;
}

}  // namespace

Result<std::shared_ptr<ArchiveReader::Opened>> ArchiveReader::Opened::own(
    const ArchiveOptions& options) {
  auto owned = store::Database::open(internal::database_options(options));
  if (!owned) return owned.status();

  auto opened = std::make_shared<Opened>();
  opened->path = options.path;
  opened->owned = *std::move(owned);
  opened->db = &opened->owned->get();
  opened->meta = opened->owned->family(kMetaFamily);
  opened->entries = opened->owned->family(kEntriesFamily);
  const auto is_there = opened->check_format();
  if (!is_there) return is_there.status();
  if (*is_there) return opened;
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::WriteBatch batch;
  auto added = batch.Put(opened->meta, store::slice(kFormatKey), store::slice(kFormat));
  if (!added.ok()) return opened->translate(added, "make the archive");
  if (Status made = opened->owned->write(synced, batch, "make the archive"); !made) return made;
  return opened;
}

Result<std::shared_ptr<ArchiveReader::Opened>> ArchiveReader::Opened::follow(
    const std::filesystem::path& path) {
  auto secondary = open_secondary(path);
  if (!secondary) return secondary.status();
  auto opened = std::make_shared<Opened>();
  opened->path = path;
  opened->secondary = *std::move(secondary);
  opened->db = opened->secondary->db.get();
  opened->meta = opened->secondary->families[0];
  opened->entries = opened->secondary->families[1];
  const auto is_there = opened->check_format();
  if (!is_there) return is_there.status();
  if (!*is_there) {
    return Error{ErrorKind::kNotFound,
                 "the archive in " + path.string() + " is not made yet; try again"};
  }
  return opened;
}

Result<std::optional<std::string>> ArchiveReader::Opened::find_meta(std::string_view key) const {
  std::string value;
  const rocksdb::Status found = db->Get({}, meta, store::slice(key), &value);
  if (found.IsNotFound()) return std::optional<std::string>{};
  if (!found.ok()) return translate(found, "read");
  return std::optional{std::move(value)};
}

Result<std::uint64_t> ArchiveReader::Opened::count() const {
  const auto count = find_meta(internal::kCountKey);
  if (!count) return count.status();
  if (!count->has_value()) return std::uint64_t{0};
  if ((*count)->size() != 8) return unreadable("there is a count of an unknown form");
  return store::read_u64(**count, 0);
}

Result<bool> ArchiveReader::Opened::check_format() const {
  const auto format = find_meta(kFormatKey);
  if (!format) return format.status();
  if (!format->has_value()) return false;
  if (**format == kFormat) return true;
  return Error{ErrorKind::kInvalid, "the archive " + path.string() + " has the format \"" +
                                        **format + "\", this version knows \"" +
                                        std::string{kFormat} + "\"; use the version that wrote it"};
}

Error ArchiveReader::Opened::unreadable(std::string_view what) const {
  return {ErrorKind::kCorrupt, std::string{what}
                                   .append(" in the archive ")
                                   .append(path.string())
                                   .append("; restore it, or delete it and replay the topic")};
}

}  // namespace bora::raw
