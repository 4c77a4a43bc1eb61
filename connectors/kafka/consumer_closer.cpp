#include "connectors/kafka/consumer_closer.hpp"

#include <array>
#include <future>
#include <thread>
#include <utility>

#include "bora/clock.hpp"

namespace bora::kafka {

bool leave_group(Client& client, std::chrono::milliseconds timeout) {
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
  std::promise<void> ended;
  std::future<void> end = ended.get_future();
  std::thread thread{[held = std::move(client), done = std::move(ended)]() mutable {
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

}  // namespace bora::kafka
