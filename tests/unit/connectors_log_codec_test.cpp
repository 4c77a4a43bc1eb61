#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/partitioner.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

namespace {

std::vector<Record> awkward_records() {
  Record full = keyed("key", std::string(300, 'v'));
  full.headers = {{"reason", "late"}, {"reason", "again"}, {"", ""}};
  Record binary = keyed(std::string("\0\xff", 2), std::string("\0\x80\xff", 3));
  Record old = keyless("");
  old.timestamp = from_millis(std::numeric_limits<std::int64_t>::min());
  return {full, binary, old, keyed("", ""), keyless("text")};
}

std::string chunk_of(const std::vector<Record>& records) {
  std::string chunk(kChunkHeaderBytes, '\0');
  for (const Record& record : records)
    encode_record(record, record.timestamp, chunk);
  const auto count = static_cast<std::uint32_t>(records.size());
  write_chunk_header({count, -7, 1u << 20, count}, chunk);
  return chunk;
}

/// True when every record that the header promises could be decoded.
bool decodes(std::string_view chunk) {
  auto decoder = ChunkDecoder::open(chunk);
  if (!decoder) return false;
  Record record;
  while (decoder->remaining() > 0)
    if (!decoder->next(record)) return false;
  return true;
}

}  // namespace

TEST_CASE("records come out of a chunk as they went in") {
  const std::vector<Record> records = awkward_records();
  const std::string chunk = chunk_of(records);
  auto decoder = ChunkDecoder::open(chunk);
  REQUIRE(decoder);
  CHECK(decoder->header() == ChunkHeader{5, -7, 1u << 20, 5});
  Record record = keyed("left over", "from before");
  record.headers = {{"left", "over"}};
  for (const Record& expected : records) {
    REQUIRE(decoder->next(record));
    CHECK(record == expected);
  }
  CHECK(decoder->remaining() == 0);
}

TEST_CASE("skipping a record lands on the next one") {
  const std::vector<Record> records = awkward_records();
  const std::string chunk = chunk_of(records);
  auto decoder = ChunkDecoder::open(chunk);
  REQUIRE(decoder);
  for (std::size_t i = 0; i + 1 < records.size(); ++i)
    REQUIRE(decoder->skip());
  Record record;
  REQUIRE(decoder->next(record));
  CHECK(record == records.back());
}

TEST_CASE("the bound of a record is never below what it takes") {
  for (const Record& record : awkward_records()) {
    std::string encoded;
    encode_record(record, record.timestamp, encoded);
    CHECK(encoded.size() <= encoded_bound(record));
  }
}

TEST_CASE("a chunk that was cut off anywhere is refused") {
  const std::string chunk = chunk_of(awkward_records());
  for (std::size_t length = 0; length < chunk.size(); ++length) {
    // A copy of the exact length, so that reading past it is seen by the sanitizers.
    const std::vector<char> cut(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK_FALSE(decodes({cut.data(), cut.size()}));
  }
}

TEST_CASE("bytes behind the last record are refused") {
  CHECK(decodes(chunk_of(awkward_records())));
  CHECK_FALSE(decodes(chunk_of(awkward_records()) + "x"));
}

TEST_CASE("a chunk with any byte changed is read within its bounds") {
  const std::string chunk = chunk_of(awkward_records());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < chunk.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::vector<char> changed(chunk.begin(), chunk.end());
      changed[at] = static_cast<char>(changed[at] ^ flip);
      if (!decodes({changed.data(), changed.size()})) ++refused;
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("a chunk of an unknown format version is refused with both versions in the text") {
  std::string chunk = chunk_of(awkward_records());
  chunk[0] = 9;
  const auto decoder = ChunkDecoder::open(chunk);
  REQUIRE_FALSE(decoder);
  CHECK(decoder.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(decoder.error().message, Catch::Contains("format version 9"));
  CHECK_THAT(decoder.error().message, Catch::Contains("reads versions 1 to 3"));
}

TEST_CASE("a header that promises no records, or ends early, is corrupt") {
  std::string none = chunk_of({});
  CHECK(ChunkDecoder::open(none).error().kind == ErrorKind::kCorrupt);
  CHECK(ChunkDecoder::open("").error().kind == ErrorKind::kCorrupt);
  CHECK(ChunkDecoder::open(std::string_view{"\x01\x01", 2}).error().kind == ErrorKind::kCorrupt);
}

TEST_CASE("keys hash as Kafka's own test of Murmur2 says") {
  CHECK(murmur2("21") == -973932308);
  CHECK(murmur2("foobar") == -790332482);
  CHECK(murmur2("a-little-bit-long-string") == -985981536);
  CHECK(murmur2("a-little-bit-longer-string") == -1486304829);
  CHECK(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971);
  CHECK(murmur2("abc") == 479470107);
}

TEST_CASE("a key goes to its hash without the sign bit, modulo the partitions") {
  CHECK(partition_of_key("21", 1) == 0);
  CHECK(partition_of_key("21", 4) == (static_cast<std::uint32_t>(-973932308) & 0x7fffffff) % 4);
  CHECK(partition_of_key("21", 7) == (static_cast<std::uint32_t>(-973932308) & 0x7fffffff) % 7);
  CHECK(partition_of_key("abc", 10) == 7);
}
