#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace bora::http {

namespace internal {
class Session;
class PostBox;

/// What waits to be written to one stream. Shared by its session and its EventStreams.
/// Threads: thread-safe.
class EventQueue {
 public:
  enum class Took : std::uint8_t { kBegan, kAdded, kClosed };
  /// What there is to write; nothing more comes when `is_ended`, and nothing is to be written when
  /// `is_cut`.
  struct Portion {
    std::string text = {};
    bool is_ended = false;
    bool is_cut = false;
  };

  explicit EventQueue(std::size_t most_bytes) noexcept : most_bytes_(most_bytes) {}

  /// kBegan: nothing waited before, so somebody has to be told.
  Took push(std::string text);
  /// A comment, which readers ignore. Only into an empty queue.
  void push_heartbeat();
  void end() noexcept;
  [[nodiscard]] Portion take();
  [[nodiscard]] bool is_open() const noexcept;

 private:
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;  // guards what follows
  std::string waiting_;
  bool is_ended_ = false;
  bool is_cut_ = false;
};
}  // namespace internal

/// An answer that goes on: server-sent events (text/event-stream), until one of the two ends it.
///
///   server.route_events("/logs", [&](const Request&, EventStream stream) {
///     log.watch([stream](const Line& line) { return stream.send("line", line.json); });
///     return std::nullopt;
///   });
///
/// A reader that lets more than ServerOptions::max_stream_bytes wait, or takes nothing for
/// request_timeout, is cut off. A reader that went away is noticed within two heartbeats.
/// Threads: thread-safe; no call waits. Copies are the same stream.
/// Lifetime: may outlive its server and its connection. The stream ends when its last copy goes.
class EventStream {
 public:
  /// For the server.
  EventStream(std::shared_ptr<internal::PostBox> box, std::weak_ptr<internal::Session> session,
              std::shared_ptr<internal::EventQueue> queue);

  /// Queues one event. `data` may have several lines. False: nobody reads any more, send no more.
  /// Requires: no line break in `event`.
  [[nodiscard]] bool send(std::string_view event, std::string_view data) const;
  [[nodiscard]] bool is_open() const noexcept;
  /// Ends the stream after what is queued.
  void close() const;

 private:
  struct End;
  std::shared_ptr<End> end_;  // shared by copies; ends the stream with the last of them
};

}  // namespace bora::http
