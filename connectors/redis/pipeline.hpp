#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "bora/check.hpp"

namespace bora::redis {

/// A Lua script, by its text and the hash that the server knows it by. Immutable; make one per script
/// and process.
class Script {
 public:
  explicit Script(std::string_view source);
  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  [[nodiscard]] const std::string& sha1() const noexcept { return sha1_; }

 private:
  std::string source_;
  std::string sha1_;
};

/// Commands that go to the server together, as bytes of its protocol. A connection that breaks in the
/// middle has them sent again, so each must be harmless when it is done twice.
///
///   Pipeline batch;
///   batch.add({"GET", key});
///   batch.begin(2 + n);                   // a command of so many words, one at a time
///   batch.word("ZMSCORE"); ...
///
/// Threads: single-owner. clear() keeps the memory.
class Pipeline {
 public:
  void clear() noexcept {
    bytes_.clear();
    commands_ = 0;
    words_left_ = 0;
  }
  void add(std::initializer_list<std::string_view> words) {
    begin(words.size());
    for (const std::string_view each : words)
      word(each);
  }
  /// Requires: the command before has all its words.
  void begin(std::size_t words) {
    BORA_CHECK(words_left_ == 0 && words > 0, "a command begins before the last one has ended");
    words_left_ = words;
    ++commands_;
    append_length('*', words);
  }
  void word(std::string_view bytes) {
    BORA_CHECK(words_left_ > 0, "a word more than the command has");
    --words_left_;
    append_length('$', bytes.size());
    bytes_.append(bytes).append("\r\n");
  }
  template <std::integral T>
  void word(T number) {
    word(std::string_view{std::to_string(number)});
  }
  /// Begins EVALSHA with its number of keys; `words` keys and arguments follow.
  void begin_script(const Script& script, std::size_t keys, std::size_t words) {
    begin(3 + words);
    word("EVALSHA");
    word(script.sha1());
    word(keys);
  }

  [[nodiscard]] std::size_t commands() const noexcept { return commands_; }
  [[nodiscard]] bool is_empty() const noexcept { return commands_ == 0; }
  /// Requires: the last command has all its words.
  [[nodiscard]] std::string_view bytes() const {
    BORA_CHECK(words_left_ == 0, "a command lacks words");
    return bytes_;
  }

 private:
  void append_length(char sign, std::size_t length) {
    bytes_.push_back(sign);
    bytes_.append(std::to_string(length)).append("\r\n");
  }

  std::string bytes_;
  std::size_t commands_ = 0;
  std::size_t words_left_ = 0;
};

}  // namespace bora::redis
