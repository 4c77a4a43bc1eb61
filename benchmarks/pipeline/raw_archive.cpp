#include "benchmarks/pipeline/raw_archive.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>

#include "bora/check.hpp"
#include "bora/stable_hash.hpp"
#include "topologies/raw/archive_key.hpp"
#include "topologies/raw/archive_store.hpp"

namespace bora::bench {

BenchDirectory::BenchDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "bora-bench-XXXXXX").string();
  BORA_CHECK(::mkdtemp(name.data()) != nullptr, name);
  path_ = name;
}

BenchDirectory::~BenchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void make_entry(const coldchain::MessageIdentity& identity, const RawPlace& place,
                std::string_view message, RawEntry& entry) {
  using namespace raw::internal;
  entry.key.clear();
  append_key(entry.key, {identity.device_id, place.inserted, place.partition, place.offset});
  entry.value.clear();
  entry.value.push_back(kValueVersion);
  store::append_u64(entry.value, flip_sign(to_millis(identity.time)));
  entry.value.append(message);
}

std::unique_ptr<store::Database> open_database(const std::filesystem::path& path) {
  auto database = store::Database::open(raw::internal::database_options({.path = path}));
  BORA_CHECK(database.is_ok(), database.status().message());
  return *std::move(database);
}

void write_batch(const store::Database& database, const rocksdb::WriteOptions& how,
                 std::span<const RawEntry> entries) {
  rocksdb::ColumnFamilyHandle* family = database.family(raw::internal::kEntriesFamily);
  rocksdb::WriteBatch batch{256 * entries.size()};
  for (const RawEntry& entry : entries)
    BORA_CHECK(batch.Put(family, entry.key, entry.value).ok(), "RocksDB takes no entry");
  BORA_CHECK(database->Write(how, &batch).ok(), "RocksDB takes no batch");
}

Checksum checksum_of(const store::Database& database) {
  Checksum checksum;
  const std::unique_ptr<rocksdb::Iterator> at{
      database->NewIterator({}, database.family(raw::internal::kEntriesFamily))};
  for (at->SeekToFirst(); at->Valid(); at->Next())
    checksum.add_hash(stable_hash(store::view(at->key())) * 31 +
                      stable_hash(store::view(at->value())));
  return checksum;
}

Status MeteredArchive::put(std::span<const raw::ArchiveEntry> entries) {
  Status status = inner_.put(entries);
  ++puts_;
  entries_ += entries.size();
  meter_.done(entries.size());
  return status;
}

std::size_t MeteredArchive::mean_batch() const noexcept {
  return entries_ / std::max<std::size_t>(puts_, 1);
}

}  // namespace bora::bench
