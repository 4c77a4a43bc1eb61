#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bora/ack_token.hpp"
#include "bora/clock.hpp"
#include "bora/gauge.hpp"
#include "topologies/authentication/credential_memo.hpp"
#include "topologies/authentication/keyed_hash.hpp"
#include "topologies/authentication/messages.hpp"
#include "topologies/authentication/secret_verifier.hpp"

namespace bora::authentication {

/// An answer that is not there yet, and the duty to give it.
struct WaitingVerdict {
  Verdict verdict;  ///< All but its finding.
  AckToken token;
};

/// A check that is over, with everybody who waited for it.
struct DecidedCheck {
  std::uint64_t id = 0;
  std::string auth_hash;  ///< What it was checked against.
  SecretText secret;
  bool is_right = false;
  std::vector<WaitingVerdict> waiting;
};

/// Threads: the desk's thread counts, any may read.
struct DeskStats {
  OwnedCount remembered;   ///< Answered from memory.
  OwnedCount checks;       ///< Asked of the verifier.
  OwnedCount over_budget;  ///< Answered as wrong without a check.
  OwnedCount waiting;      ///< Verdicts that wait for a check.

  [[nodiscard]] std::vector<Gauge> gauges() const;
};

/// Where a bolt asks whether a secret is right: what was checked before is answered at once, the rest
/// waits until a verifier is done. Equal questions wait for one check.
///
/// Threads: the bolt's. Lifetime: dies before the verifier and the stats.
class CredentialDesk {
 public:
  CredentialDesk(const MemoKey& key, MemoOptions options, SecretVerifier& verifier,
                 DeskStats& stats);

  enum class Reply : std::uint8_t { kRight, kWrong, kMustWait };
  /// Answers from memory. The tag is for wait().
  [[nodiscard]] std::pair<Reply, MemoTag> ask(std::uint64_t id, std::string_view secret,
                                              std::string_view auth_hash, Instant now);
  /// After kMustWait: has the secret checked, or joins who waits for the same. kWrong, and `waiting` is
  /// left as it was, when the id's budget is spent: nobody will check it.
  [[nodiscard]] Reply wait(const MemoTag& tag, std::uint64_t id, SecretText secret,
                           const std::string& auth_hash, Instant now, WaitingVerdict& waiting);

  /// `wake` is called, on any thread, when take_finished() has something new.
  void on_finished(std::function<void()> wake);
  /// Checks that are over by now; remembers their outcome.
  [[nodiscard]] std::vector<DecidedCheck> take_finished(Instant now);
  /// Everybody who waits, none of whom will be answered.
  [[nodiscard]] std::vector<WaitingVerdict> let_go();
  /// From now on nobody is woken.
  void close();

 private:
  struct Results;
  struct TagHash {
    std::size_t operator()(const MemoTag& tag) const noexcept { return tag.low; }
  };
  struct TagEqual {
    bool operator()(const MemoTag& a, const MemoTag& b) const noexcept { return is_same(a, b); }
  };

  const MemoKey key_;
  SecretVerifier& verifier_;
  CredentialMemo memo_;
  std::unordered_map<MemoTag, DecidedCheck, TagHash, TagEqual> open_;
  std::shared_ptr<Results> results_;  // with the checks under way
  DeskStats& stats_;
};

}  // namespace bora::authentication
