#include "connectors/timeseries/gzip.hpp"

#include <zlib.h>

#include "bora/check.hpp"

namespace bora::timeseries {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib's way to ask for gzip's header

Bytef* bytes_of(const char* text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text));  // zlib's input is not const
}

}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream{};
  const int begun =
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY);
  BORA_CHECK(begun == Z_OK, "zlib has no memory");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = bytes_of(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  BORA_CHECK(ended == Z_STREAM_END, "deflateBound() was no bound");
  return packed;
}

Result<std::string> gunzip(std::string_view bytes, std::size_t most) {
  z_stream stream{};
  BORA_CHECK(inflateInit2(&stream, kGzipWindowBits) == Z_OK, "zlib has no memory");
  stream.next_in = bytes_of(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK && text.size() <= most) {
    const std::size_t had = text.size();
    text.resize(had + 64 * 1024);
    stream.next_out = bytes_of(text.data() + had);
    stream.avail_out = static_cast<uInt>(text.size() - had);
    state = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
    if (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;  // cut off
  }
  inflateEnd(&stream);
  if (state == Z_STREAM_END && text.size() <= most) return text;
  return Error{ErrorKind::kCorrupt,
               text.size() > most ? "the gzip holds more than is taken" : "this is no whole gzip"};
}

}  // namespace bora::timeseries
