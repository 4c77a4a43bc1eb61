#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bora/status.hpp"
#include "connectors/multilang/messages.hpp"

/// Messages of the multilang protocol from and to bytes. Writers frame what they write: one line of
/// JSON, then the line `end`. Readers take what FrameReader found between such lines.
///
/// Threads: every function may be called from any.
namespace bora::multilang {

/// Deeper JSON is refused: the outermost object is level 1.
inline constexpr int kMaxNesting = 64;

/// Strict: a command or a type that the protocol does not know, or anything but one JSON object in
/// UTF-8, is kInvalid with the first bytes of what came. Members that it does not name are ignored.
[[nodiscard]] Result<ChildMessage> parse_message(std::string_view json);

/// Fails: kInvalid when a value is not finite, no UTF-8 or no JSON.
[[nodiscard]] Result<std::string> handshake_message(const Handshake& handshake,
                                                    const std::string& pid_directory);

struct TupleHeader {
  std::string_view id;
  std::string_view component;
  std::string_view stream;
  std::int64_t task = 0;
};
/// Fails: as handshake_message().
[[nodiscard]] Result<std::string> tuple_message(const TupleHeader& header, const Values& values);

[[nodiscard]] std::string heartbeat_message(std::uint64_t number);
[[nodiscard]] std::string task_ids_message(std::span<const std::int64_t> tasks);
/// To a spout's child: "next", "activate", "deactivate".
[[nodiscard]] std::string command_message(std::string_view command);
/// To a spout's child: "ack", "fail". `id` is one that the child gave.
[[nodiscard]] std::string command_message(std::string_view command, const Value& id);

/// The beginning of `bytes` for a person: on one line, what cannot be printed as \xNN, cut short.
[[nodiscard]] std::string excerpt(std::string_view bytes);

}  // namespace bora::multilang
