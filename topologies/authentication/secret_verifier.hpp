#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "bora/check.hpp"

namespace bora::authentication {

/// A secret on its way to a check. Held inline, and wiped when it dies or moves on.
class SecretText {
 public:
  static constexpr std::size_t kMaxBytes = 64;

  SecretText() = default;
  /// Requires: text.size() <= kMaxBytes.
  explicit SecretText(std::string_view text) {
    BORA_CHECK(text.size() <= kMaxBytes, "a secret longer than any");
    std::memcpy(bytes_.data(), text.data(), text.size());
    size_ = text.size();
  }
  SecretText(SecretText&& other) noexcept : SecretText(other.reveal()) { other.wipe(); }
  SecretText& operator=(SecretText&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    bytes_ = other.bytes_;
    size_ = other.size_;
    other.wipe();
    return *this;
  }
  ~SecretText() { wipe(); }

  [[nodiscard]] SecretText copy() const { return SecretText{reveal()}; }
  [[nodiscard]] std::string_view reveal() const noexcept { return {bytes_.data(), size_}; }

 private:
  void wipe() noexcept {
    explicit_bzero(bytes_.data(), bytes_.size());
    size_ = 0;
  }
  std::array<char, kMaxBytes> bytes_{};
  std::size_t size_ = 0;
};

/// Who is checked first.
enum class CheckLane : std::uint8_t {
  kTrusted,  ///< Known to have been right before, or the first one for its id.
  kSuspect,  ///< Any other: most likely wrong. Few may wait, and only while nobody trusted does.
};

/// A secret to be compared with the hash that the registry has.
struct SecretCheck {
  SecretText secret;
  std::string hash;
  /// Called once with the outcome, on any thread; must only hand over.
  std::function<void(bool is_right)> done;
};

/// Compares secrets with slow hashes, somewhere else than on the caller's thread.
/// Threads: thread-safe.
class SecretVerifier {
 public:
  virtual ~SecretVerifier() = default;
  /// False, and the check not taken, when the suspect lane is full or the verifier has stopped.
  [[nodiscard]] virtual bool submit(CheckLane lane, SecretCheck check) = 0;
};

}  // namespace bora::authentication
