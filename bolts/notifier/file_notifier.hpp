#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bolts/notifier/notifier.hpp"

namespace bora::notify {

struct FileNotifierOptions {
  std::filesystem::path path;  ///< Appended to; made, with its folder, when it is not there.
  std::size_t batch = 256;     ///< Lines written with one sync, at most.
};

/// Writes each notification as a line of JSON, and says that it is told once the disk has it:
///
///   {"at":1466380800123,"key":"123-too_hot-1466380800123","phone":"+351 1","text":"Milk: ...","body":{...}}
///
/// `at` is the time of writing; what is empty is left out. A line that a crash tore is ended before the
/// next is written. The same key may stand twice, as after a crash.
///
/// Threads: single-owner. Several notifiers, in several processes too, may append to one file.
/// Fails: a disk that does not take it is kUnavailable.
class FileNotifier final : public Notifier {
 public:
  /// `clock` outlives the notifier.
  FileNotifier(FileNotifierOptions options, const Clock& clock);
  ~FileNotifier() override;

  [[nodiscard]] bool has_room() const override { return tags_.size() < options_.batch; }
  Status send(Notification notification, Tag tag) override;
  std::size_t poll(std::vector<Outcome>& out) override;
  /// Writes and syncs, however long the disk takes.
  void flush(std::chrono::milliseconds timeout) override;
  void on_outcome(std::function<void()>) override {}  // they are there when flush() returns

 private:
  class File;
  [[nodiscard]] Status write();

  FileNotifierOptions options_;
  const Clock& clock_;
  std::unique_ptr<File> file_;  // null until the first write, and after one that failed
  std::string lines_;           // taken, not written
  std::vector<Tag> tags_;       // of lines_
  std::vector<Outcome> outcomes_;
};

}  // namespace bora::notify
