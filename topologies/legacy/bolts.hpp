#pragma once

#include <string>

#include "bora/bolt.hpp"
#include "bora/status.hpp"
#include "connectors/multilang/value.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::legacy {

/// Reads readings, and refuses what is none (Permanent, with the reason).
class ParseBolt final : public Bolt<ConsumedRecord, coldchain::Reading> {
 public:
  void execute(const ConsumedRecord& in) override;
};

/// What the older system is sent for one reading.
struct Message {
  std::string key;   ///< The same whenever the reading is read again.
  std::string body;  ///< JSON.
};

/// A reading as the child's tuple: device, gateway, celsius, battery, time in ms since 1970.
[[nodiscard]] multilang::Values values_of(const coldchain::Reading& reading);
/// The child's tuple as a message: two texts that are not empty.
[[nodiscard]] Result<Message> message_of(const multilang::Values& values);

}  // namespace bora::legacy
