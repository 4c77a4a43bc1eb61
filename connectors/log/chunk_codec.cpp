#include "connectors/log/chunk_codec.hpp"

#include <type_traits>
#include <utility>

namespace bora::log {
namespace {

constexpr std::size_t kMaxLengthBytes = 5;  // of a 32-bit length, seven bits per byte

template <class T>
void put_fixed(std::string& out, std::size_t at, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[at + i] = static_cast<char>(bits & 0xff);
    if constexpr (sizeof(T) > 1) bits = static_cast<decltype(bits)>(bits >> 8);
  }
}

void append_length(std::string& out, std::size_t length) {
  for (; length >= 0x80; length >>= 7)
    out.push_back(static_cast<char>((length & 0x7f) | 0x80));
  out.push_back(static_cast<char>(length));
}

void append_bytes(std::string& out, std::string_view bytes) {
  append_length(out, bytes.size());
  out.append(bytes);
}

/// Takes from the front of a view; false when there is not enough, or it is malformed.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}

  template <class T>
  [[nodiscard]] bool fixed(T& value) noexcept {
    if (rest_.size() < sizeof(T)) return false;
    std::uint64_t bits = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
      bits = (bits << 8) | static_cast<unsigned char>(rest_[i]);
    value = static_cast<T>(bits);
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  [[nodiscard]] bool length(std::size_t& value) noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kMaxLengthBytes && i < rest_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      bits |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if ((byte & 0x80) != 0) continue;
      rest_.remove_prefix(i + 1);
      value = static_cast<std::size_t>(bits);
      return true;
    }
    return false;
  }

  [[nodiscard]] bool bytes(std::size_t size, std::string_view& value) noexcept {
    if (size > rest_.size()) return false;
    value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  [[nodiscard]] bool text(std::string_view& value) noexcept {
    std::size_t size = 0;
    return length(size) && bytes(size, value);
  }

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

[[nodiscard]] bool read_headers(Reader& in, Record* out) {
  std::size_t count = 0;
  if (!in.length(count)) return false;
  if (count > in.rest().size() / 2) return false;  // a header takes two bytes at least
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view key;
    std::string_view value;
    if (!in.text(key) || !in.text(value)) return false;
    if (out != nullptr) out->headers.push_back({std::string{key}, std::string{value}});
  }
  return true;
}

[[nodiscard]] bool read_record(Reader& in, std::uint8_t version, Record* out, bool& is_tombstone) {
  std::int64_t timestamp = 0;
  std::size_t key_code = 0;
  std::string_view key;
  std::size_t value_code = 0;
  std::string_view value;
  if (!in.fixed(timestamp) || !in.length(key_code)) return false;
  if (key_code > 0 && !in.bytes(key_code - 1, key)) return false;
  if (!in.length(value_code)) return false;
  if (version == kPlainChunkVersion) ++value_code;
  is_tombstone = value_code == 0;
  if (!is_tombstone && !in.bytes(value_code - 1, value)) return false;
  if (out != nullptr) {
    out->timestamp = from_millis(timestamp);
    if (key_code > 0)
      out->key.emplace(key);
    else
      out->key.reset();
    out->value.assign(value);
    out->is_tombstone = is_tombstone;
    out->headers.clear();
  }
  return read_headers(in, out);
}

}  // namespace

std::size_t encoded_bound(const Record& record) noexcept {
  std::size_t bytes = sizeof(std::int64_t) + 3 * kMaxLengthBytes + record.value.size();
  if (record.key) bytes += record.key->size();
  for (const RecordHeader& header : record.headers)
    bytes += 2 * kMaxLengthBytes + header.key.size() + header.value.size();
  return bytes;
}

void encode_record(const Record& record, WallTime timestamp, std::string& out) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(std::int64_t));
  put_fixed(out, at, to_millis(timestamp));
  if (record.key) {
    append_length(out, record.key->size() + 1);
    out.append(*record.key);
  } else {
    append_length(out, 0);
  }
  if (record.is_tombstone) {
    append_length(out, 0);
  } else {
    append_length(out, record.value.size() + 1);
    out.append(record.value);
  }
  append_length(out, record.headers.size());
  for (const RecordHeader& header : record.headers) {
    append_bytes(out, header.key);
    append_bytes(out, header.value);
  }
}

void write_chunk_header(const ChunkHeader& header, std::string& chunk) {
  BORA_CHECK(chunk.size() >= kChunkHeaderBytes, "chunk without room for its header");
  put_fixed(chunk, 0, kChunkVersion);
  put_fixed(chunk, 1, header.count);
  put_fixed(chunk, 5, header.appended_ms);
  put_fixed(chunk, 13, header.position);
}

void encode_compacted(const Record& record, std::uint32_t skipped,
                      std::optional<std::int64_t> tombstone_appended_ms, std::string& out) {
  BORA_CHECK(record.is_tombstone == tombstone_appended_ms.has_value(),
             "a time for a tombstone, and for nothing else");
  append_length(out, skipped);
  encode_record(record, record.timestamp, out);
  if (!tombstone_appended_ms) return;
  const std::size_t at = out.size();
  out.resize(at + sizeof(std::int64_t));
  put_fixed(out, at, *tombstone_appended_ms);
}

void write_compacted_header(const ChunkHeader& header, std::string& chunk) {
  BORA_CHECK(chunk.size() >= kCompactedHeaderBytes, "chunk without room for its header");
  BORA_CHECK(header.span >= header.count, "a chunk holds more records than it has offsets");
  write_chunk_header(header, chunk);
  put_fixed(chunk, 0, kCompactedChunkVersion);
  put_fixed(chunk, kChunkHeaderBytes, header.span);
}

Result<ChunkHeader> read_chunk_header(std::string_view chunk) {
  Reader in{chunk};
  std::uint8_t version = 0;
  ChunkHeader header;
  if (!in.fixed(version)) return Error{ErrorKind::kCorrupt, "chunk of records is empty"};
  if (version < kPlainChunkVersion || version > kCompactedChunkVersion)
    return Error{ErrorKind::kInvalid, "chunk of records has format version " +
                                          std::to_string(version) +
                                          ", this program reads versions 1 to " +
                                          std::to_string(kCompactedChunkVersion) +
                                          ": use the program that wrote it, or a newer one"};
  if (!in.fixed(header.count) || !in.fixed(header.appended_ms) || !in.fixed(header.position))
    return Error{ErrorKind::kCorrupt, "chunk of records is cut off inside its header"};
  header.span = header.count;
  if (version == kCompactedChunkVersion) {
    if (!in.fixed(header.span))
      return Error{ErrorKind::kCorrupt, "chunk of records is cut off inside its header"};
    if (header.span < header.count)
      return Error{ErrorKind::kCorrupt, "chunk of records says it has more than its offsets"};
  }
  if (header.span == 0) return Error{ErrorKind::kCorrupt, "chunk of records says it has none"};
  return header;
}

Result<ChunkDecoder> ChunkDecoder::open(std::string_view chunk) {
  Result<ChunkHeader> header = read_chunk_header(chunk);
  if (!header) return header.status();
  ChunkDecoder decoder;
  decoder.header_ = *header;
  decoder.version_ = static_cast<std::uint8_t>(chunk.front());
  decoder.rest_ = chunk.substr(decoder.version_ == kCompactedChunkVersion ? kCompactedHeaderBytes
                                                                          : kChunkHeaderBytes);
  decoder.remaining_ = header->count;
  return decoder;
}

bool ChunkDecoder::next(Record& out) { return step(&out); }

bool ChunkDecoder::skip() { return step(nullptr); }

bool ChunkDecoder::step(Record* out) {
  BORA_CHECK(remaining_ > 0, "decoding past the last record of a chunk");
  Reader in{rest_};
  const bool is_last = remaining_ == 1;
  const bool is_compacted = version_ == kCompactedChunkVersion;
  std::size_t skipped = 0;
  bool is_tombstone = false;
  appended_ms_ = header_.appended_ms;
  const bool is_whole = (!is_compacted || in.length(skipped)) &&
                        read_record(in, version_, out, is_tombstone) &&
                        (!is_compacted || !is_tombstone || in.fixed(appended_ms_)) &&
                        skipped < header_.span - next_place_ && !(is_last && !in.rest().empty());
  if (!is_whole) {
    remaining_ = 0;
    return false;
  }
  next_place_ += static_cast<std::uint32_t>(skipped) + 1;
  rest_ = in.rest();
  --remaining_;
  return true;
}

}  // namespace bora::log
