#pragma once
// Private: includes librdkafka.

#include <chrono>
#include <memory>
#include <string>

#include "connectors/kafka/client.hpp"

namespace bora::kafka {

/// Leaves the group, serving librdkafka's callbacks meanwhile, for at most `timeout`. False when it took
/// longer, as librdkafka 2.0.2 may for ever (its issues 4187 and 4527).
///
/// Threads: the one that polls the client.
[[nodiscard]] bool leave_group(Client& client, std::chrono::milliseconds timeout);

/// Ends librdkafka's threads in a thread of its own, and waits for that at most `timeout`. False when it
/// took longer: it goes on by itself then, and calls nobody back.
///
/// A member that joined and was not given its share yet must not be ended: librdkafka 2.0.2 aborts the
/// process then (its issue 4312). That thread waits until it was, and leaves the group with it; a member
/// for which that never happens is kept until the process ends.
[[nodiscard]] bool dispose(std::unique_ptr<Client> client, std::chrono::milliseconds timeout);

/// Answers a rebalance for a client whose user has gone: it wants nothing.
void refuse_share(Client& client, rd_kafka_resp_err_t code);

}  // namespace bora::kafka
