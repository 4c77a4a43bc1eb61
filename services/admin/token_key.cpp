#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <openssl/rand.h>

#include "services/admin/token.hpp"

namespace bora::admin {

namespace {

constexpr ::mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

class File {
 public:
  explicit File(int descriptor) noexcept : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

Error failed(const char* tried, const std::filesystem::path& file) {
  return {ErrorKind::kUnavailable, std::string{"could not "} + tried + " the key of tokens " +
                                       file.string() + ": " +
                                       std::generic_category().message(errno) +
                                       "; it belongs to the account that runs the service"};
}

// Under another name first: a crash must leave no half a key.
Result<Tokens::Key> make_key(const std::filesystem::path& file) {
  Tokens::Key key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    return Error{ErrorKind::kInternal, "no random numbers for the key of tokens " + file.string()};
  const std::filesystem::path fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const File out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly)};
  if (!out.is_open()) return failed("make", file);
  if (::write(out.get(), key.data(), key.size()) != static_cast<::ssize_t>(key.size()) ||
      ::fsync(out.get()) != 0)
    return failed("write", file);
  if (::rename(fresh.c_str(), file.c_str()) != 0) return failed("make", file);
  return key;
}

}  // namespace

Result<Tokens::Key> load_or_make_key(const std::filesystem::path& file) {
  const File in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!in.is_open()) {
    if (errno == ENOENT) return make_key(file);
    return failed("read", file);
  }
  struct ::stat about {};
  if (::fstat(in.get(), &about) != 0) return failed("read", file);
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{ErrorKind::kInvalid, "others may read the key of tokens " + file.string() +
                                          ", so it may have been copied: remove it, and a new one "
                                          "is made (everybody logs in again)"};
  Tokens::Key key{};
  if (about.st_size != static_cast<::off_t>(key.size()))
    return Error{ErrorKind::kInvalid, "the key of tokens " + file.string() + " has not " +
                                          std::to_string(key.size()) +
                                          " bytes: remove it, and a new one is made"};
  if (::read(in.get(), key.data(), key.size()) != static_cast<::ssize_t>(key.size()))
    return failed("read", file);
  return key;
}

}  // namespace bora::admin
