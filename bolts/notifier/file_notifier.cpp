#include "bolts/notifier/file_notifier.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

namespace bora::notify {

/// A file descriptor.
class FileNotifier::File {
 public:
  explicit File(int descriptor) noexcept : descriptor_(descriptor) {}
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool ends_in_a_torn_line() const {
    struct stat about {};
    char last = '\n';
    if (::fstat(descriptor_, &about) != 0 || about.st_size == 0) return false;
    return ::pread(descriptor_, &last, 1, about.st_size - 1) == 1 && last != '\n';
  }
  /// False, with errno: some of it, or all, is not written.
  [[nodiscard]] bool append(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  [[nodiscard]] bool sync() const { return ::fdatasync(descriptor_) == 0; }

 private:
  int descriptor_;
};

namespace {

/// Makes the entry of a new file durable, too.
bool sync_folder(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced;
}

Error file_error(const char* what, const std::filesystem::path& path) {
  return {ErrorKind::kUnavailable, std::string{what} + " the notifications' file " + path.string() +
                                       " failed: " + std::generic_category().message(errno)};
}

}  // namespace

FileNotifier::FileNotifier(FileNotifierOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}
FileNotifier::~FileNotifier() = default;

Status FileNotifier::send(Notification notification, Tag tag) {
  nlohmann::ordered_json line{{"at", to_millis(clock_.wall_now())}, {"key", notification.key}};
  if (!notification.phone.empty()) line["phone"] = notification.phone;
  if (!notification.text.empty()) line["text"] = notification.text;
  if (!notification.body.empty()) {
    auto body =
        nlohmann::ordered_json::parse(notification.body, nullptr, /*allow_exceptions=*/false);
    if (body.is_discarded())
      return {ErrorKind::kInvalid, "the body of notification " + notification.key + " is no JSON"};
    line["body"] = std::move(body);
  }
  if (!notification.traceparent.empty()) line["traceparent"] = notification.traceparent;
  using Handler = nlohmann::ordered_json::error_handler_t;
  lines_ += line.dump(-1, ' ', /*ensure_ascii=*/false, Handler::replace);
  lines_ += '\n';
  tags_.push_back(tag);
  return {};
}

std::size_t FileNotifier::poll(std::vector<Outcome>& out) {
  const std::size_t count = outcomes_.size();
  for (Outcome& outcome : outcomes_)
    out.push_back(std::move(outcome));
  outcomes_.clear();
  return count;
}

void FileNotifier::flush(std::chrono::milliseconds) {
  if (tags_.empty()) return;
  const Status written = write();
  if (!written) file_.reset();  // opened again, and looked at, by the next
  for (const Tag tag : tags_)
    outcomes_.push_back({tag, written});
  tags_.clear();
  lines_.clear();
}

Status FileNotifier::write() {
  if (!file_) {
    std::error_code ignored;  // open() says it better
    if (options_.path.has_parent_path())
      std::filesystem::create_directories(options_.path.parent_path(), ignored);
    const int opened =
        ::open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (opened < 0) return file_error("opening", options_.path);
    file_ = std::make_unique<File>(opened);
    if (!sync_folder(options_.path)) return file_error("syncing the folder of", options_.path);
    if (file_->ends_in_a_torn_line()) lines_.insert(0, 1, '\n');
  }
  if (!file_->append(lines_)) return file_error("writing to", options_.path);
  if (!file_->sync()) return file_error("syncing", options_.path);
  return {};
}

}  // namespace bora::notify
