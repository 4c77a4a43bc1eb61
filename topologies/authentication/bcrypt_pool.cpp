#include "topologies/authentication/bcrypt_pool.hpp"

#include <crypt.h>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <openssl/crypto.h>

namespace bora::authentication {

bool bcrypt_matches(std::string_view secret, const std::string& hash) {
  if (hash.substr(0, 2) != "$2" || secret.find('\0') != std::string_view::npos) return false;
  const auto data = std::make_unique<crypt_data>();  // 32 KiB
  char phrase[SecretText::kMaxBytes + 1] = {};
  std::memcpy(phrase, secret.data(), std::min(secret.size(), SecretText::kMaxBytes));
  const char* const made = crypt_r(phrase, hash.c_str(), data.get());
  const bool is_same = made != nullptr && std::strlen(made) == hash.size() &&
                       CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  explicit_bzero(phrase, sizeof(phrase));
  explicit_bzero(data.get(), sizeof(crypt_data));
  return is_same;
}

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
    const bool is_right = bcrypt_matches(check.secret.reveal(), check.hash);
    checked_.fetch_add(1);
    check.done(is_right);
    lock.lock();
  }
}

}  // namespace bora::authentication
