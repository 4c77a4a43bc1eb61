#include "spouts/offset_tracker.hpp"

#include <algorithm>

#include "bora/check.hpp"

namespace bora {

namespace {
constexpr std::size_t kSmallestRing = 64;
constexpr std::size_t kKeptRing = 4096;  // 64 KiB: not worth giving back
}  // namespace

/// One assignment of one partition: a ring of the offsets from the first unfinished one on.
class OffsetTracker::Window {
 public:
  Window(std::uint32_t epoch, std::int64_t next_offset)
      : ring_(kSmallestRing), epoch_(epoch), next_(next_offset), committed_(next_offset) {}

  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t ring_size() const noexcept { return ring_.size(); }
  [[nodiscard]] std::int64_t committable() const noexcept {
    return size_ == 0 ? next_ : at(0).offset;
  }
  [[nodiscard]] std::int64_t committed() const noexcept { return committed_; }
  void set_committed(std::int64_t offset) noexcept { committed_ = std::max(committed_, offset); }

  bool begin(std::int64_t offset, Cookie cookie) {
    if (offset < next_) return false;
    if (size_ == ring_.size()) resize(ring_.size() * 2);
    at(size_++) = Entry{offset, cookie, 0};
    next_ = offset + 1;
    return true;
  }

  std::optional<Cookie> find(std::int64_t offset) noexcept {
    const Entry* entry = locate(offset);
    if (entry == nullptr || entry->finished != 0) return std::nullopt;
    return entry->cookie;
  }

  /// Returns how many entries left the window.
  std::optional<Cookie> finish(std::int64_t offset, std::size_t& left) noexcept {
    Entry* entry = locate(offset);
    if (entry == nullptr || entry->finished != 0) return std::nullopt;
    entry->finished = 1;
    while (size_ > 0 && at(0).finished != 0) {
      head_ = (head_ + 1) & (ring_.size() - 1);
      --size_;
      ++left;
    }
    guess_ = guess_ >= left ? guess_ - left : 0;
    return entry->cookie;
  }

  void unfinished(std::vector<Cookie>& out) const {
    for (std::size_t i = 0; i < size_; ++i) {
      if (at(i).finished == 0) out.push_back(at(i).cookie);
    }
  }

  /// Halves a ring that is large and mostly empty.
  void shrink() {
    if (ring_.size() > kKeptRing && size_ < ring_.size() / 8) resize(ring_.size() / 2);
  }

 private:
  struct Entry {
    std::int64_t offset = 0;
    Cookie cookie = 0;
    std::uint32_t finished = 0;
  };
  static_assert(sizeof(Entry) == 16, "the header promises 16 bytes per offset");

  Entry& at(std::size_t index) noexcept { return ring_[(head_ + index) & (ring_.size() - 1)]; }
  [[nodiscard]] const Entry& at(std::size_t index) const noexcept {
    return ring_[(head_ + index) & (ring_.size() - 1)];
  }

  /// Two guesses before the binary search: the entry after the one looked up last (completions mostly
  /// come in order, whatever the gaps), and the one where the offset is when there are no gaps.
  Entry* locate(std::int64_t offset) noexcept {
    if (size_ == 0 || offset < at(0).offset || offset >= next_) return nullptr;
    if (guess_ < size_ && at(guess_).offset == offset) return &at(guess_++);
    const auto distance = static_cast<std::size_t>(offset - at(0).offset);
    std::size_t index = distance;
    if (distance >= size_ || at(distance).offset != offset) index = search(offset);
    if (index == size_ || at(index).offset != offset) return nullptr;
    guess_ = index + 1;
    return &at(index);
  }
  [[nodiscard]] std::size_t search(std::int64_t offset) const noexcept {
    std::size_t low = 0;
    std::size_t high = size_;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (at(middle).offset < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  void resize(std::size_t entries) {
    std::vector<Entry> ring(entries);
    for (std::size_t i = 0; i < size_; ++i)
      ring[i] = at(i);
    ring_ = std::move(ring);
    head_ = 0;
  }

  std::vector<Entry> ring_;  // a power of two
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::size_t guess_ = 0;  // index that the next lookup is likely to want
  std::uint32_t epoch_;
  std::int64_t next_;  // after the last offset that began
  std::int64_t committed_;
};

OffsetTracker::OffsetTracker() = default;
OffsetTracker::~OffsetTracker() = default;

void OffsetTracker::assign(std::uint32_t partition, std::uint32_t epoch, std::int64_t next_offset) {
  if (partition >= windows_.size()) windows_.resize(std::size_t{partition} + 1);
  BORA_CHECK(windows_[partition] == nullptr, "a partition was assigned twice without a revoke");
  windows_[partition] = std::make_unique<Window>(epoch, next_offset);
}

void OffsetTracker::revoke(std::uint32_t partition, std::uint32_t epoch,
                           std::vector<Cookie>& unfinished) {
  Window* window = current({.partition = partition, .epoch = epoch});
  if (window == nullptr) return;
  window->unfinished(unfinished);
  size_ -= window->size();
  windows_[partition].reset();
}

std::optional<std::uint32_t> OffsetTracker::epoch_of(std::uint32_t partition) const noexcept {
  if (partition >= windows_.size() || windows_[partition] == nullptr) return std::nullopt;
  return windows_[partition]->epoch();
}

OffsetTracker::Window* OffsetTracker::current(const RecordPosition& position) const noexcept {
  if (position.partition >= windows_.size()) return nullptr;
  Window* window = windows_[position.partition].get();
  return window != nullptr && window->epoch() == position.epoch ? window : nullptr;
}

bool OffsetTracker::begin(const RecordPosition& position, Cookie cookie) {
  Window* window = current(position);
  if (window == nullptr || !window->begin(position.offset, cookie)) return false;
  ++size_;
  return true;
}

std::optional<OffsetTracker::Cookie> OffsetTracker::find(const RecordPosition& position) {
  Window* window = current(position);
  return window == nullptr ? std::nullopt : window->find(position.offset);
}

std::optional<OffsetTracker::Cookie> OffsetTracker::finish(const RecordPosition& position) {
  Window* window = current(position);
  if (window == nullptr) return std::nullopt;
  std::size_t left = 0;
  const std::optional<Cookie> cookie = window->finish(position.offset, left);
  size_ -= left;
  return cookie;
}

std::int64_t OffsetTracker::committable(std::uint32_t partition) const {
  BORA_CHECK(epoch_of(partition).has_value(), "asked where to commit in a partition not assigned");
  return windows_[partition]->committable();
}

void OffsetTracker::collect(std::vector<CommitRequest>& out) {
  for (std::uint32_t partition = 0; partition < windows_.size(); ++partition) {
    if (const auto request = collect_one(partition)) out.push_back(*request);
    if (windows_[partition] != nullptr) windows_[partition]->shrink();
  }
}

std::optional<CommitRequest> OffsetTracker::collect_one(std::uint32_t partition) const {
  if (!epoch_of(partition).has_value()) return std::nullopt;
  const Window& window = *windows_[partition];
  if (window.committable() <= window.committed()) return std::nullopt;
  return CommitRequest{partition, window.epoch(), window.committable()};
}

void OffsetTracker::committed(const CommitRequest& request) noexcept {
  Window* window = current({.partition = request.partition, .epoch = request.epoch});
  if (window != nullptr) window->set_committed(request.next_offset);
}

void OffsetTracker::add_sizes(std::vector<PartitionLag>& partitions) const {
  for (PartitionLag& lag : partitions)
    if (lag.partition < windows_.size() && windows_[lag.partition] != nullptr)
      lag.records += windows_[lag.partition]->size();
}

std::size_t OffsetTracker::memory_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& window : windows_) {
    if (window != nullptr) bytes += window->ring_size() * 16;
  }
  return bytes;
}

}  // namespace bora
