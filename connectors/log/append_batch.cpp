#include "connectors/log/append_batch.hpp"

namespace bora::log {

QueueShare& QueueShare::operator=(QueueShare&& other) noexcept {
  if (this == &other) return *this;
  release();
  used_ = other.used_;
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

bool QueueShare::try_take(std::size_t bytes, std::size_t limit) noexcept {
  // Relaxed throughout: the counter only bounds memory, it orders nothing.
  std::size_t used = used_->load(std::memory_order_relaxed);
  do {
    if (used != 0 && (used >= limit || bytes > limit - used)) return false;
  } while (!used_->compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  bytes_ += bytes;
  return true;
}

void QueueShare::take(std::size_t bytes) noexcept {
  used_->fetch_add(bytes, std::memory_order_relaxed);
  bytes_ += bytes;
}

void QueueShare::release() noexcept {
  if (bytes_ != 0) used_->fetch_sub(bytes_, std::memory_order_relaxed);
  bytes_ = 0;
}

}  // namespace bora::log
