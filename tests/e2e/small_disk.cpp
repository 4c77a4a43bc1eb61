#include "e2e/small_disk.hpp"

#include <chrono>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "bora/check.hpp"

namespace bora::e2e {

namespace {
using namespace std::chrono_literals;
}  // namespace

SmallDisk::SmallDisk(std::uint32_t mebibytes) {
  const std::string here = (directory_.path() / "disk").string();
  std::filesystem::create_directory(here);
  holder_ = std::make_unique<Program>(
      "/usr/bin/unshare",
      std::vector<std::string>{"--user", "--map-root-user", "--mount", "/bin/sh", "-c",
                               "mount -t tmpfs -o size=" + std::to_string(mebibytes) + "m tmpfs '" +
                                   here + "' && echo mounted && exec sleep 3600"},
      directory_.path() / "log");
  is_there_ = holder_->wait_for("mounted", 10s);
}

std::filesystem::path SmallDisk::path() const {
  return "/proc/" + std::to_string(holder_->pid()) + "/root" +
         (directory_.path() / "disk").string();
}

void SmallDisk::fill() const {
  const std::filesystem::path ballast = path() / "ballast";
  const int file = ::open(ballast.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  BORA_CHECK(file >= 0, "no ballast: " + ballast.string());
  // Most of it at once, since others write meanwhile; then what is left.
  const auto space = std::filesystem::space(path()).available;
  static_cast<void>(::posix_fallocate(file, 0, static_cast<off_t>(space / 10 * 9)));
  const std::string block(std::size_t{1} << 16, 'b');
  while (::write(file, block.data(), block.size()) > 0) {
  }
  ::close(file);
}

void SmallDisk::free() const { std::filesystem::remove(path() / "ballast"); }

}  // namespace bora::e2e
