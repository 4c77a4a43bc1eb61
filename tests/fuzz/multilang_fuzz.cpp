#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "bora/check.hpp"
#include "connectors/multilang/codec.hpp"
#include "connectors/multilang/framing.hpp"

using namespace bora;
using namespace bora::multilang;

namespace {

constexpr std::size_t kMaxMessage = 4096;

/// What a child emitted can be said again, and reads the same.
void check_values(const Values& values) {
  const auto written =
      tuple_message({.id = "1", .component = "c", .stream = "s", .task = 1}, values);
  BORA_CHECK(written.is_ok(), "values that came as JSON cannot be written as JSON");
  FrameReader frames{written->size()};
  frames.append(*written);
  const auto frame = frames.next();
  BORA_CHECK(frame.is_ok() && frame->has_value(), "a message that its reader does not find");
  const auto again = parse_message(R"({"command":"emit",)" + std::string{(**frame).substr(1)});
  BORA_CHECK(again.is_ok(), "a tuple that cannot be read again");
  BORA_CHECK(std::get<Emit>(*again).tuple == values, "other values");
}

void check_message(std::string_view message) {
  const auto parsed = parse_message(message);
  if (!parsed) {
    BORA_CHECK(!parsed.error().message.empty(), "a refusal without a text");
    return;
  }
  if (const auto* emit = std::get_if<Emit>(&*parsed)) check_values(emit->tuple);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  FrameReader whole{kMaxMessage};
  FrameReader halves{kMaxMessage};
  whole.append(bytes);
  halves.append(bytes.substr(0, size / 2));
  bool has_rest = true;
  while (true) {
    const auto message = whole.next();
    auto same = halves.next();
    if (same.is_ok() && !same->has_value() && has_rest) {
      halves.append(bytes.substr(size / 2));
      has_rest = false;
      same = halves.next();
    }
    // Where bytes are torn changes nothing, but for how much of what is too long was seen.
    BORA_CHECK(message.is_ok() == same.is_ok(), "half of the bytes first leads elsewhere");
    if (!message || !message->has_value()) return 0;
    BORA_CHECK(same->has_value() && **message == **same, "another message");
    check_message(**message);
  }
}
