#include "connectors/kafka/consumer_closer.hpp"

#include <array>
#include <future>
#include <thread>
#include <utility>

#include "bora/clock.hpp"

namespace bora::kafka {
namespace {

// Above the time that a group waits for its slowest member.
constexpr std::chrono::minutes kLongestJoin{6};
constexpr std::chrono::seconds kLongestLeave{30};

[[nodiscard]] bool is_known_to_group(const Client& client) {
  char* const id = rd_kafka_memberid(client.get());
  const bool is_known = id != nullptr && id[0] != '\0';
  if (id != nullptr) rd_kafka_mem_free(client.get(), id);
  return is_known;
}

[[nodiscard]] bool owns_nothing(const Client& client) {
  rd_kafka_topic_partition_list_t* list = nullptr;
  if (rd_kafka_assignment(client.get(), &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const Partitions owned{list};
  return owned->cnt == 0;
}

/// True when the client may be ended. Only for members of groups.
[[nodiscard]] bool settle(Client& client) {
  if (client.was_assigned()) return true;
  if (!is_known_to_group(client)) {
    rd_kafka_unsubscribe(client.get());  // an answer to its joining comes too late from here on
    if (!is_known_to_group(client)) return true;
  }
  const SystemClock clock;
  const Instant give_up = clock.now() + kLongestJoin;
  constexpr int kStepMillis = 50;
  while (!client.was_assigned() && clock.now() < give_up) {
    const Message ignored{rd_kafka_consumer_poll(client.get(), kStepMillis)};
  }
  if (!client.was_assigned()) return false;
  static_cast<void>(leave_group(client, kLongestLeave));
  return true;
}

}  // namespace

bool leave_group(Client& client, std::chrono::milliseconds timeout) {
  // Closing says nothing to the group when there is nothing to give up (librdkafka 2.0.2), and the
  // group waits for the member that is gone until its session ends.
  if (owns_nothing(client)) rd_kafka_unsubscribe(client.get());
  const Queue events{rd_kafka_queue_new(client.get())};
  const KafkaError refused{rd_kafka_consumer_close_queue(client.get(), events.get())};
  if (refused != nullptr) return true;  // fatal before: there is nothing to leave
  // Not rd_kafka_queue_poll(), which would hand a rebalance out as an event instead of calling back.
  constexpr int kStepMillis = 20;
  const SystemClock clock;  // what is waited for is another thread, not a point of simulated time
  const Instant deadline = clock.now() + timeout;
  while (rd_kafka_consumer_closed(client.get()) == 0) {
    if (clock.now() >= deadline) return false;
    std::array<rd_kafka_message_t*, 16> left{};
    const auto taken =
        rd_kafka_consume_batch_queue(events.get(), kStepMillis, left.data(), left.size());
    for (std::size_t i = 0; taken > 0 && i < static_cast<std::size_t>(taken); ++i)
      rd_kafka_message_destroy(left[i]);
  }
  return true;
}

bool dispose(std::unique_ptr<Client> client, std::chrono::milliseconds timeout) {
  client->silence();
  client->forget_user();
  std::promise<void> ended;
  std::future<void> end = ended.get_future();
  std::thread thread{[held = std::move(client), done = std::move(ended)]() mutable {
    // Never freed when it does not settle: to free it would abort the process.
    if (!settle(*held)) static_cast<void>(held.release());
    held.reset();
    done.set_value();
  }};
  if (end.wait_for(timeout) == std::future_status::ready) {
    thread.join();
    return true;
  }
  thread.detach();
  return false;
}

void refuse_share(Client& client, rd_kafka_resp_err_t code) {
  const Partitions none = make_partitions(0);
  if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    rd_kafka_assign(client.get(), nullptr);
    return;
  }
  client.mark_assigned();
  const KafkaError ignored{rd_kafka_incremental_assign(client.get(), none.get())};
}

}  // namespace bora::kafka
