#include "host/control_secrets.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string_view>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bora::host {

namespace {

constexpr std::size_t kLeastCharacters = 16;
constexpr std::size_t kRandomBytes = 32;

Error cannot(const char* tried, const std::filesystem::path& file) {
  return {ErrorKind::kUnavailable, std::string{"control plane: cannot "} + tried + " " +
                                       file.string() + ": " + std::strerror(errno) +
                                       " (settings control.token_file, control.token)"};
}

std::string random_hex() {
  std::array<unsigned char, kRandomBytes> bytes{};
  // Up to 256 bytes come whole, or not at all.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<::ssize_t>(bytes.size())) return {};
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

Result<Secret> read_token(const std::filesystem::path& file) {
  struct ::stat status {};
  if (::stat(file.c_str(), &status) != 0) return cannot("find", file);
  if ((status.st_mode & 077) != 0)
    return Error{ErrorKind::kInvalid,
                 "control plane: others may read the token in " + file.string() + ": chmod 600 it"};
  std::ifstream in{file};
  std::string token;
  if (!(in >> token)) return cannot("read a token from", file);
  if (token.size() < kLeastCharacters)
    return Error{ErrorKind::kInvalid,
                 "control plane: the token in " + file.string() + " is shorter than 16 characters"};
  return Secret{std::move(token)};
}

// Whole or not at all, and never over one that another process has made meanwhile.
Status make_token(const std::filesystem::path& file) {
  const std::string token = random_hex() + "\n";
  if (token.size() == 1) return cannot("get random bytes for", file);
  const std::filesystem::path draft{file.string() + "." + std::to_string(::getpid())};
  ::unlink(draft.c_str());
  const int descriptor = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot("make", draft);
  bool is_written =
      ::write(descriptor, token.data(), token.size()) == static_cast<::ssize_t>(token.size()) &&
      ::fsync(descriptor) == 0;
  is_written = ::close(descriptor) == 0 && is_written;
  is_written = is_written && (::link(draft.c_str(), file.c_str()) == 0 || errno == EEXIST);
  Status status = is_written ? Status{} : Status{cannot("make", file)};
  ::unlink(draft.c_str());
  return status;
}

}  // namespace

Result<Secret> read_or_make_token(const std::filesystem::path& file) {
  if (::access(file.c_str(), F_OK) != 0)
    if (Status made = make_token(file); !made) return made;
  return read_token(file);
}

Result<ControlSecrets> find_secrets(const ControlPlaneOptions& options,
                                    const std::string& program) {
  ControlSecrets found;
  const std::filesystem::path directory{options.state_directory};
  std::error_code failed;
  if (!directory.empty() && std::filesystem::create_directories(directory, failed))
    ::chmod(directory.c_str(), 0700);
  const bool has_directory = !directory.empty() && ::access(directory.c_str(), W_OK) == 0;
  if (!options.audit_file.empty())
    found.audit_file = options.audit_file;
  else if (has_directory)
    found.audit_file = directory / (program + ".audit.jsonl");
  if (!options.token.is_empty()) {
    if (options.token.reveal().size() < kLeastCharacters)
      return Error{ErrorKind::kInvalid,
                   "setting control.token is shorter than 16 characters: openssl rand -hex 32 "
                   "makes a good one"};
    found.token = options.token;
    found.token_hint = "it is the setting control.token";
    return found;
  }
  if (options.token_file.empty() && !has_directory) {
    found.token_hint = "it has no token; give it one by the setting control.token_file";
    return found;
  }
  const std::filesystem::path file = options.token_file.empty()
                                         ? directory / (program + ".token")
                                         : std::filesystem::path{options.token_file};
  auto token = read_or_make_token(file);
  if (!token && !options.token_file.empty()) return token.status();
  if (!token) {
    found.token_hint = token.error().message;
    return found;
  }
  found.token = *token;
  found.token_hint = "it is in the file " + file.string() + " there";
  return found;
}

}  // namespace bora::host
