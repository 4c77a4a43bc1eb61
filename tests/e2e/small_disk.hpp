#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "e2e/program.hpp"
#include "support/temporary_directory.hpp"

namespace bora::e2e {

/// A file system of its own in memory, so small that a test can fill it. It lives in the mount namespace
/// of a child, and goes with it; others reach it through /proc.
/// Threads: single-owner.
class SmallDisk {
 public:
  explicit SmallDisk(std::uint32_t mebibytes);

  /// False where the system lets nobody but root make a namespace; why() says what it answered.
  [[nodiscard]] bool is_there() const noexcept { return is_there_; }
  [[nodiscard]] std::string why() const { return holder_->output(); }
  [[nodiscard]] std::filesystem::path path() const;
  /// Takes all the space that is left.
  void fill() const;
  /// Gives back what fill() took.
  void free() const;

 private:
  testing::TemporaryDirectory directory_;
  std::unique_ptr<Program> holder_;
  bool is_there_ = false;
};

}  // namespace bora::e2e
