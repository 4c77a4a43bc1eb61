#pragma once
// Private: includes librdkafka.

#include <chrono>
#include <optional>
#include <string>

#include "bora/clock.hpp"
#include "connectors/kafka/client.hpp"

namespace bora::kafka {

/// What a consumer should tell its caller, and when: one trouble a minute at most, because a caller that
/// hears of trouble polls less often, and a member that does not poll is expelled from its group.
///
/// That no broker answers is told once it lasted: librdkafka says so also when a broker closes a
/// connection that was idle.
///
/// Threads: single-owner.
class Troubles {
 public:
  /// `tried` is a verb phrase.
  explicit Troubles(std::string tried) : tried_(std::move(tried)) {}

  void note(Status trouble) {
    if (!trouble) trouble_ = std::move(trouble);
  }

  /// A fatal error, each time; else what should be told now, or success.
  [[nodiscard]] Status to_report(Client& client, Instant now);
  /// No broker answers, by the last to_report(): until one does, however often it was told.
  [[nodiscard]] bool is_silence() const noexcept { return is_silence_; }

 private:
  [[nodiscard]] Status silence_of_brokers(Client& client, Instant now);

  std::string tried_;
  Status trouble_;  // not told yet
  Instant not_before_{};
  struct Silence {
    Instant since{};
    std::chrono::microseconds uptime{};  // of the client, by the statistics known then
  };
  std::optional<Silence> silence_;
  bool is_silence_ = false;
};

}  // namespace bora::kafka
