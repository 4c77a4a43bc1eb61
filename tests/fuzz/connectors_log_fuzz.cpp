#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/check.hpp"
#include "connectors/log/chunk_codec.hpp"

using namespace bora;
using namespace bora::log;

/// Any bytes as a chunk of the topic log: never read outside them, skipping and decoding agree, and
/// what decodes encodes, as compaction would keep it, to something that decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  auto decoder = ChunkDecoder::open(bytes);
  if (!decoder) {
    BORA_CHECK(!decoder.error().message.empty(), "a refusal without a text");
    return 0;
  }
  auto skipper = ChunkDecoder::open(bytes);
  std::string again(kCompactedHeaderBytes, '\0');
  std::vector<Record> records;
  std::vector<std::uint32_t> places;
  while (decoder->remaining() > 0) {
    Record record;
    const bool is_whole = decoder->next(record);
    BORA_CHECK(skipper->skip() == is_whole, "skipping and decoding disagree");
    if (!is_whole) {
      BORA_CHECK(decoder->remaining() == 0, "a malformed chunk goes on");
      return 0;
    }
    BORA_CHECK(skipper->place() == decoder->place(), "skipping and decoding count differently");
    BORA_CHECK(decoder->place() < decoder->header().span, "a record beyond the chunk");
    std::string alone;
    encode_record(record, record.timestamp, alone);
    BORA_CHECK(alone.size() <= encoded_bound(record), "a record beyond its bound");
    const std::uint32_t next = places.empty() ? 0 : places.back() + 1;
    BORA_CHECK(decoder->place() >= next, "offsets do not grow");
    std::optional<std::int64_t> appended;
    if (record.is_tombstone) appended = decoder->appended_ms();
    encode_compacted(record, decoder->place() - next, appended, again);
    places.push_back(decoder->place());
    records.push_back(std::move(record));
  }
  write_compacted_header(decoder->header(), again);
  auto second = ChunkDecoder::open(again);
  BORA_CHECK(second.is_ok() && second->header() == decoder->header(), "another header");
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record record;
    BORA_CHECK(second->next(record) && record == records[i], "another record");
    BORA_CHECK(second->place() == places[i], "another offset");
  }
  return 0;
}
