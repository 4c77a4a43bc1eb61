#include "topologies/authentication/rewrite.hpp"

#include <charconv>

#include "bora/check.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::authentication {
namespace {

/// Walks over JSON that is known to be valid, token by token.
class Walker {
 public:
  explicit Walker(std::string_view json) : json_(json) {}

  [[nodiscard]] char peek() {
    while (json_[at_] == ' ' || json_[at_] == '\n' || json_[at_] == '\t' || json_[at_] == '\r')
      ++at_;
    return json_[at_];
  }
  void pass() { ++at_; }
  /// The text between the quotes, as it is written.
  std::string_view string() {
    const std::size_t first = at_ + 1;
    for (++at_; json_[at_] != '"'; ++at_)
      if (json_[at_] == '\\') ++at_;
    return json_.substr(first, at_++ - first);
  }
  /// The text of a value of any type.
  std::string_view value() {
    static_cast<void>(peek());
    const std::size_t first = at_;
    int depth = 0;
    do {
      switch (json_[at_]) {
        case '"': static_cast<void>(string()); break;
        case '{':
        case '[':
          ++depth;
          ++at_;
          break;
        case '}':
        case ']':
          --depth;
          ++at_;
          break;
        default:
          if (depth > 0) {
            ++at_;
          } else {
            at_ = json_.find_first_of(",}] \n\t\r", at_);
          }
      }
    } while (depth > 0);
    return json_.substr(first, at_ - first);
  }

 private:
  std::string_view json_;
  std::size_t at_ = 0;
};

/// Calls `each` with the name of every member of the object; it has to pass over the value, and returns
/// false to give up.
template <class Each>
bool for_each_member(Walker& walker, Each each) {
  BORA_CHECK(walker.peek() == '{', "an object was promised");
  walker.pass();
  while (walker.peek() != '}') {
    const std::string_view name = walker.string();
    static_cast<void>(walker.peek());
    walker.pass();  // the colon
    if (name.find('\\') != std::string_view::npos || !each(name)) return false;
    if (walker.peek() == ',') {
      walker.pass();
      static_cast<void>(walker.peek());
    }
  }
  walker.pass();
  return true;
}

/// Writes the members of one object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void member(std::string_view name) {
    if (!is_first_) out_ += ',';
    is_first_ = false;
    out_.append("\"").append(name).append("\":");
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_first_ = true;
};

/// The object without one member.
bool write_object_without(Walker& walker, std::string_view secret, std::string& out) {
  ObjectWriter writer{out};
  const bool is_plain = for_each_member(walker, [&](std::string_view name) {
    const std::string_view value = walker.value();
    if (name == secret) return true;
    writer.member(name);
    out.append(value);
    return true;
  });
  writer.close();
  return is_plain;
}

void write_time(WallTime time, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), to_millis(time)).ptr;
  out.append(digits, end);
}

void begin(ObjectWriter& writer, std::string_view reason, std::string& out) {
  if (reason.empty()) return;
  writer.member("reason");
  out.append("\"").append(reason).append("\"");
}

/// False, and anything appended, when a name is spelled with escapes.
bool splice(std::string_view report, WallTime received, std::string_view reason, std::string& out) {
  Walker walker{report};
  ObjectWriter writer{out};
  begin(writer, reason, out);
  const bool is_plain = for_each_member(walker, [&](std::string_view name) {
    const bool is_ours = name == "received" || (name == "reason" && !reason.empty());
    if (is_ours) {
      static_cast<void>(walker.value());
      return true;
    }
    writer.member(name);
    if (name == "gateway" || name == "device") {
      static_cast<void>(walker.peek());
      return write_object_without(walker, name == "gateway" ? "token" : "auth", out);
    }
    out.append(walker.value());
    return true;
  });
  writer.member("received");
  write_time(received, out);
  writer.close();
  return is_plain;
}

}  // namespace

void write_without_secrets(std::string_view report, WallTime received, std::string_view reason,
                           std::string& out) {
  const std::size_t before = out.size();
  out.reserve(before + report.size() + 64);
  if (splice(report, received, reason, out)) return;
  out.resize(before);
  const auto parsed = coldchain::parse_report(report);
  BORA_CHECK(parsed.is_ok(), "a report that was accepted is none");
  std::string reading;
  coldchain::write_reading(coldchain::to_reading(*parsed, received), reading);
  if (reason.empty()) {
    out.append(reading);
    return;
  }
  out.append(R"({"reason":")").append(reason).append("\",").append(reading, 1);
}

}  // namespace bora::authentication
