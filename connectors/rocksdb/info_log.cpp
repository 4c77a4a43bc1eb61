#include "connectors/rocksdb/info_log.hpp"

#include <array>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <system_error>
#include <utility>

namespace bora::store {
namespace {

constexpr std::size_t kMostBytes = 1u << 20;
constexpr std::size_t kMostLine = 1024;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(const std::filesystem::path& directory)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), path_(directory / "LOG") {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, std::va_list arguments) override {
    std::array<char, kMostLine> line{};
    const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (length < 0) return;
    const std::lock_guard lock{mutex_};
    if (file_ == nullptr || written_ > kMostBytes) roll();
    if (file_ == nullptr) return;
    // For people: the database is what stamps these lines, not the clock of the records.
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> time{};
    std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    const int printed = std::fprintf(file_.get(), "%s %s\n", time.data(), line.data());
    if (std::fflush(file_.get()) == 0 && printed > 0)
      written_ += static_cast<std::size_t>(printed);
    else
      file_.reset();  // what a full disk did not take must not stay in the buffer
  }

  /// The list of all options, hundreds of lines at each opening: OPTIONS-* beside it has them.
  void LogHeader(const char*, std::va_list) override {}

 private:
  void roll() {
    file_.reset();
    std::error_code ignored;
    std::filesystem::path old = path_;
    old += ".old";
    std::filesystem::rename(path_, old, ignored);
    file_.reset(std::fopen(path_.c_str(), "we"));
    written_ = 0;
  }

  const std::filesystem::path path_;
  std::mutex mutex_;  // guards what follows
  File file_;         // opened by the first warning
  std::size_t written_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> open_info_log(const std::filesystem::path& directory) {
  return std::make_shared<InfoLog>(directory);
}

}  // namespace bora::store
