#include "host/line_writer.hpp"

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace bora::host {

namespace {

constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20;

// Writes all of it, unless the reader is gone: then there is nobody to tell.
void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

LineWriter::LineWriter(int descriptor, std::function<std::string(std::uint64_t lost)> notice)
    : descriptor_(descriptor), notice_(std::move(notice)), thread_([this] { work(); }) {}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void LineWriter::push(std::string_view line) {
  {
    const std::lock_guard lock{mutex_};
    if (queued_.size() + line.size() > kMaxQueuedBytes) {
      ++dropped_;
      return;
    }
    queued_ += line;
  }
  arrived_.notify_one();
}

void LineWriter::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    arrived_.wait(lock, [this] { return is_ending_ || !queued_.empty(); });
    if (queued_.empty()) return;
    std::string batch = std::exchange(queued_, {});
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    if (dropped > 0) batch += notice_(dropped);
    write_all(descriptor_, batch);
    lock.lock();
  }
}

}  // namespace bora::host
