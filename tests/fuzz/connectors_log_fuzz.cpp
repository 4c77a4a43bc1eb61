#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/check.hpp"
#include "connectors/log/chunk_codec.hpp"

using namespace bora;
using namespace bora::log;

/// Any bytes as a chunk of the topic log: never read outside them, skipping and decoding agree, and
/// what decodes encodes to something that decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  auto decoder = ChunkDecoder::open(bytes);
  if (!decoder) {
    BORA_CHECK(!decoder.error().message.empty(), "a refusal without a text");
    return 0;
  }
  auto skipper = ChunkDecoder::open(bytes);
  std::string again(kChunkHeaderBytes, '\0');
  std::vector<Record> records;
  while (decoder->remaining() > 0) {
    Record record;
    const bool is_whole = decoder->next(record);
    BORA_CHECK(skipper->skip() == is_whole, "skipping and decoding disagree");
    if (!is_whole) {
      BORA_CHECK(decoder->remaining() == 0, "a malformed chunk goes on");
      return 0;
    }
    const std::size_t before = again.size();
    encode_record(record, record.timestamp, again);
    BORA_CHECK(again.size() - before <= encoded_bound(record), "a record beyond its bound");
    records.push_back(std::move(record));
  }
  write_chunk_header(decoder->header(), again);
  auto second = ChunkDecoder::open(again);
  BORA_CHECK(second.is_ok() && second->header() == decoder->header(), "another header");
  for (const Record& expected : records) {
    Record record;
    BORA_CHECK(second->next(record) && record == expected, "another record");
  }
  return 0;
}
