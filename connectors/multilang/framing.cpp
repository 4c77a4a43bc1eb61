#include "connectors/multilang/framing.hpp"

#include "connectors/multilang/codec.hpp"

namespace bora::multilang {

namespace {

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

void FrameReader::append(std::string_view bytes) {
  bytes_.erase(0, begin_);
  line_ -= begin_;
  begin_ = 0;
  bytes_ += bytes;
}

Result<std::optional<std::string_view>> FrameReader::next() {
  if (line_ == begin_) {
    begin_ = bytes_.find_first_not_of(kBlank, begin_);
    if (begin_ == std::string::npos) begin_ = bytes_.size();
    line_ = begin_;
    if (begin_ == bytes_.size()) return std::optional<std::string_view>{};
    if (bytes_[begin_] != '{' && bytes_[begin_] != '[') {
      return Error{ErrorKind::kInvalid,
                   "what the child wrote to its standard output is no message: " +
                       excerpt(std::string_view{bytes_}.substr(begin_)) +
                       " (print to standard error, or send a log message)"};
    }
  }
  while (true) {
    const std::size_t line_end = bytes_.find('\n', line_);
    const std::size_t known_end = line_end == std::string::npos ? bytes_.size() : line_end;
    if (known_end - begin_ > max_message_bytes_) {
      return Error{
          ErrorKind::kInvalid,
          "a message of the child is longer than " + std::to_string(max_message_bytes_) +
              " bytes; it begins with: " + excerpt(std::string_view{bytes_}.substr(begin_))};
    }
    if (line_end == std::string::npos) return std::optional<std::string_view>{};
    const std::string_view line = std::string_view{bytes_}.substr(line_, line_end - line_);
    if (line == "end") {
      const std::string_view message = std::string_view{bytes_}.substr(begin_, line_ - begin_);
      begin_ = line_ = line_end + 1;
      return std::optional{message};
    }
    line_ = line_end + 1;
  }
}

}  // namespace bora::multilang
