#include "connectors/log/chunk_iterator.hpp"

#include <shared_mutex>
#include <utility>

#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/log_keys.hpp"
#include "connectors/log/log_store.hpp"

namespace bora::log {

ChunkIterator::ChunkIterator(const LogStore& store, std::uint32_t topic, std::uint32_t partition,
                             Reading reading)
    : store_(store),
      prefix_(partition_prefix(topic, partition)),
      bound_(store::after_prefix(prefix_)),
      prefix_slice_(store::slice(prefix_)),
      bound_slice_(store::slice(bound_)),
      reading_(reading) {
  store_.add_iterator(*this);
}

ChunkIterator::~ChunkIterator() { store_.remove_iterator(*this); }

Result<ChunkPtr> ChunkIterator::find(std::int64_t offset) {
  const LogStore::Access access = store_.access();
  if (!access) return store_.not_open("read records");
  if (iterator_ != nullptr && iterator_->Valid() && end() <= offset) iterator_->Next();
  if (!is_at(offset)) {
    // An iterator sees what was stored when it was made: a fresh one may see more.
    if (iterator_ == nullptr || reading_ == Reading::kForwards) iterator_ = make_iterator();
    std::string key = prefix_;
    store::append_u64(key, static_cast<std::uint64_t>(offset));
    iterator_->Seek(key);
  }
  return copy();
}

Result<ChunkPtr> ChunkIterator::last() {
  const LogStore::Access access = store_.access();
  if (!access) return store_.not_open("read records");
  if (iterator_ == nullptr) iterator_ = make_iterator();
  iterator_->SeekToLast();
  return copy();
}

std::unique_ptr<rocksdb::Iterator> ChunkIterator::make_iterator() const {
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &prefix_slice_;
  options.iterate_upper_bound = &bound_slice_;
  options.fill_cache = false;  // read once, in order
  if (reading_ == Reading::kForwards) options.readahead_size = 512u << 10;
  return store_.new_chunk_iterator(options);
}

bool ChunkIterator::is_at(std::int64_t offset) const {
  if (iterator_ == nullptr || !iterator_->Valid() || end() <= offset) return false;
  // Forwards, the chunk before ended at or below `offset`, so this is the first that can hold it.
  return reading_ == Reading::kForwards;
}

std::int64_t ChunkIterator::end() const {
  return static_cast<std::int64_t>(
             store::read_u64(store::view(iterator_->key()), kPartitionPrefixBytes)) +
         1;
}

Result<ChunkPtr> ChunkIterator::copy() const {
  if (!iterator_->Valid()) {
    if (Status read = store_.translate(iterator_->status(), "read records"); !read) return read;
    return ChunkPtr{};
  }
  const std::string_view bytes = store::view(iterator_->value());
  const Result<ChunkHeader> header = read_chunk_header(bytes);
  if (!header) return header.status();
  auto chunk = std::make_shared<Chunk>();
  chunk->base = end() - header->span;
  chunk->span = header->span;
  chunk->bytes.assign(bytes);
  return ChunkPtr{std::move(chunk)};
}

}  // namespace bora::log
