#include "topologies/authentication/bcrypt_pool.hpp"

#include <utility>

#include "topologies/coldchain/bcrypt.hpp"

namespace bora::authentication {

BcryptPool::BcryptPool(BcryptPoolOptions options) : options_(options) {
  for (std::uint32_t i = 0; i < options_.threads; ++i)
    threads_.emplace_back([this] { run(); });
}

BcryptPool::~BcryptPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

bool BcryptPool::submit(CheckLane lane, SecretCheck check) {
  {
    const std::lock_guard lock(mutex_);
    auto& waiting = lanes_[static_cast<std::size_t>(lane)];
    if (stopping_ || (lane == CheckLane::kSuspect && waiting.size() >= options_.max_suspects))
      return false;
    waiting.push_back(std::move(check));
  }
  changed_.notify_one();
  return true;
}

std::size_t BcryptPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return lanes_[0].size() + lanes_[1].size();
}

void BcryptPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !lanes_[0].empty() || !lanes_[1].empty(); });
    if (stopping_) return;
    auto& lane = lanes_[lanes_[0].empty() ? 1 : 0];
    const SecretCheck check = std::move(lane.front());
    lane.pop_front();
    lock.unlock();
    const bool is_right = coldchain::is_password(check.secret.reveal(), check.hash);
    checked_.fetch_add(1);
    check.done(is_right);
    lock.lock();
  }
}

}  // namespace bora::authentication
