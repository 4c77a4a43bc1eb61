#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace bora::host {

/// Writes lines to a file descriptor on a thread of its own, so that whoever logs never waits for a
/// slow reader. When the queue is full, lines are dropped, and a line says how many.
/// Threads: thread-safe.
class LineWriter {
 public:
  /// `notice` makes the line, with its newline, that says how many lines were lost.
  LineWriter(int descriptor, std::function<std::string(std::uint64_t lost)> notice);
  ~LineWriter();  ///< Writes what is queued.
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void push(std::string_view line);

 private:
  void work();

  const int descriptor_;
  const std::function<std::string(std::uint64_t)> notice_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable arrived_;
  std::string queued_;
  std::uint64_t dropped_ = 0;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace bora::host
