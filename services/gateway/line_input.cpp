#include "services/gateway/line_input.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "services/gateway/device_message.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::gateway {
namespace {

bool is_blank(std::string_view line) noexcept {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Status write_all(int out, std::string_view bytes) {
  while (!bytes.empty()) {
    // A sender that went away is an error here, not a signal; what is no socket is written plainly.
    ssize_t written = ::send(out, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == ENOTSOCK) written = ::write(out, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return {ErrorKind::kClosed,
              "could not answer a sender: " + std::generic_category().message(errno)};
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

std::string LineInput::take(std::string_view bytes) {
  for (std::size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    partial_.append(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
    if (!std::exchange(is_skipping_, false)) take_line(partial_);
    partial_.clear();
  }
  if (!is_skipping_) partial_.append(bytes);
  if (partial_.size() > coldchain::kMaxRecordBytes) {
    take_line(partial_);  // which refuses it
    partial_.clear();
    is_skipping_ = true;
  }
  return answer();
}

std::string LineInput::finish() {
  if (!partial_.empty()) take_line(std::exchange(partial_, {}));
  return answer();
}

void LineInput::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (is_blank(line)) return;
  if (const auto rejection = check_message(line)) {
    ++not_accepted_;
    answers_.push_back("refused " + std::string{to_string(rejection->reason)} + ": " +
                       rejection->text + "\n");
    return;
  }
  good_.emplace_back(line);
  answers_.emplace_back();
}

std::string LineInput::answer() {
  const std::size_t good = good_.size();
  std::string verdict = "ok\n";
  if (good > 0) {
    const Status stored = store_(std::exchange(good_, {}));
    if (!stored) verdict = "retry " + std::string{stored.message()} + "\n";
    (stored ? accepted_ : not_accepted_) += good;
  }
  std::string text;
  for (const std::string& line : std::exchange(answers_, {}))
    text += line.empty() ? verdict : line;
  return text;
}

Status serve_lines(LineInput& lines, int in, int out) {
  std::array<char, std::size_t{64} * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(in, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return write_all(out, lines.finish());
    const std::string answers = lines.take({buffer.data(), static_cast<std::size_t>(got)});
    if (Status answered = write_all(out, answers); !answered) return answered;
  }
}

}  // namespace bora::gateway
