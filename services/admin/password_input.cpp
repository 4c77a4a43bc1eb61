#include "services/admin/password_input.hpp"

#include <iostream>
#include <termios.h>
#include <unistd.h>

#include "services/admin/users.hpp"

namespace bora::admin {

namespace {

// The terminal shows nothing that is typed while this lives.
class Unseen {
 public:
  Unseen() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    ::termios after = before_;
    after.c_lflag &= ~static_cast<::tcflag_t>(ECHO);
    is_changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &after) == 0;
  }
  ~Unseen() {
    if (is_changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  ::termios before_{};
  bool is_changed_ = false;
};

Result<std::string> ask(const char* what) {
  std::string line;
  std::cerr << what << std::flush;
  const bool is_read = static_cast<bool>(std::getline(std::cin, line));
  std::cerr << '\n';
  if (!is_read) return Error{ErrorKind::kInvalid, "no password was given"};
  return line;
}

}  // namespace

Result<std::string> read_password() {
  Result<std::string> password = Error{};
  if (::isatty(STDIN_FILENO) == 1) {
    const Unseen unseen;
    password = ask("Password: ");
    if (!password) return password;
    const auto again = ask("Once more: ");
    if (!again) return again;
    if (*again != *password)
      return Error{ErrorKind::kInvalid, "the two passwords are not the same"};
  } else {
    std::string line;
    if (!std::getline(std::cin, line))
      return Error{ErrorKind::kInvalid,
                   "no password was given: write it as a line to standard input"};
    password = std::move(line);
  }
  if (const std::string fault = fault_of_password(*password); !fault.empty())
    return Error{ErrorKind::kInvalid, fault};
  return password;
}

}  // namespace bora::admin
