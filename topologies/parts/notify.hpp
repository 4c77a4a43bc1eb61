#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bolts/notifier/notifier.hpp"
#include "bora/status.hpp"
#include "host/secret.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"

namespace bora::parts {

/// Whom a program notifies, and how: the settings `notify` and `notifier.*`.
struct NotifyOptions {
  /// log:FILE, http(s)://HOST[:PORT][/PATH] for a web hook, sms+http(s)://... for an SMS service.
  host::Url url;
  host::Secret token;   ///< Sent as `Authorization: Bearer`, if there is one.
  std::string ca_file;  ///< Who may sign the server's certificate; empty: the system's authorities.
  std::chrono::milliseconds timeout{5'000};  ///< Of one call as a whole.
  /// Notifications under way at once: as many as may be told again, with the same key, when the process
  /// is killed. More tell a burst sooner: one at a time is what the server answers one after the other.
  std::uint32_t in_flight = 1;

  /// `log:./data/notifications.jsonl`.
  NotifyOptions();
  /// Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
};

/// What makes the notifier of each task. Nothing is opened or called before.
/// Fails: kInvalid when the URL is none or its file of authorities cannot be used.
[[nodiscard]] Result<notify::NotifierConnection> make_notifier(const NotifyOptions& options);

}  // namespace bora::parts
