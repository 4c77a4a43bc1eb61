#pragma once
// Private: includes librdkafka.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "bora/status.hpp"
#include "connectors/kafka/holders.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

/// A property that a client of ours sets.
struct Preset {
  std::string name;
  std::optional<std::string> value;  ///< Nothing: librdkafka's own default.
  /// Why KafkaOptions::properties may not set it; empty: it may, and then wins.
  std::string why_owned = {};
};

enum class Role : std::uint8_t { kConsumer, kProducer };

/// What librdkafka is to be started with: our defaults, `presets`, then `options.properties`, of which
/// those for the other role are left out.
/// Fails: kInvalid, as check_properties() does, and for a property that is owned.
[[nodiscard]] Result<Conf> make_conf(const KafkaOptions& options, Role role,
                                     std::span<const Preset> presets);

}  // namespace bora::kafka
