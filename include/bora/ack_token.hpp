#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/failure.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora {

namespace internal {
class Ledger;
}

/// The duty to ack one tuple, kept past execute().
///
///   void execute(const Report& in) override { pool_.check(in, hold()); }   // in a bolt
///   std::move(token).ack();                                                // later, on any thread
///
/// A token that is destroyed fails its tuple: forgetting is never an ack. An ack consumes the token,
/// so acking twice does not compile.
/// Threads: single-owner; may move to another thread, also one that the engine does not know.
/// Lifetime: may outlive the topology; then it does nothing.
class [[nodiscard]] AckToken {
 public:
  AckToken() = default;
  AckToken(AckToken&& other) noexcept
      : ledger_(std::move(other.ledger_)),
        ref_(std::exchange(other.ref_, internal::kUntracked)),
        holder_(other.holder_) {}
  AckToken& operator=(AckToken&& other) noexcept;
  AckToken(const AckToken&) = delete;
  AckToken& operator=(const AckToken&) = delete;
  ~AckToken() {
    if (ref_ != internal::kUntracked) drop();
  }

  /// The tuple is done.
  void ack() &&;
  /// The tuple failed; its spout decides what follows.
  void fail(FailureKind kind, std::string reason) &&;

  /// True when there is a tuple to ack: false for untracked tuples and for consumed tokens.
  [[nodiscard]] bool is_tracking() const noexcept { return ref_ != internal::kUntracked; }

  /// One token for all of `tokens`: acking it acks all, failing it fails all. What windows and batches
  /// anchor their results to.
  [[nodiscard]] static AckToken join(std::vector<AckToken> tokens);

  /// For the engine.
  AckToken(std::shared_ptr<internal::Ledger> ledger, internal::TreeRef ref,
           std::uint32_t holder) noexcept
      : ledger_(std::move(ledger)), ref_(ref), holder_(holder) {}
  [[nodiscard]] internal::TreeRef ref() const noexcept { return ref_; }
  [[nodiscard]] const std::shared_ptr<internal::Ledger>& ledger() const noexcept { return ledger_; }
  [[nodiscard]] std::uint32_t holder() const noexcept { return holder_; }
  /// Gives the duty up unfulfilled: whoever keeps the reference has it. See internal::HeldTokens.
  [[nodiscard]] internal::TreeRef detach() && noexcept {
    ledger_.reset();
    return std::exchange(ref_, internal::kUntracked);
  }

 private:
  void drop() noexcept;

  std::shared_ptr<internal::Ledger> ledger_;  // shared with the executors of its topology
  internal::TreeRef ref_ = internal::kUntracked;
  std::uint32_t holder_ = 0;  // task that holds it, for who asks where a message is
};

}  // namespace bora
