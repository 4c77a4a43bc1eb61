#include "services/gateway_load.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace bora::services {
namespace {

int connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  ::close(socket);
  return -1;
}

/// Sends the lines; true when each was answered "ok".
bool talk(int socket, const std::string& lines) {
  if (::send(socket, lines.data(), lines.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(lines.size()))
    return false;
  const auto wanted = std::count(lines.begin(), lines.end(), '\n');
  std::string answers;
  while (std::count(answers.begin(), answers.end(), '\n') < wanted) {
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    answers.append(buffer.data(), static_cast<std::size_t>(got));
  }
  std::string all_ok;
  for (auto n = wanted; n > 0; --n)
    all_ok += "ok\n";
  return answers == all_ok;
}

}  // namespace

std::string device_message(std::uint64_t device, std::uint64_t n) {
  return R"({"n":)" + std::to_string(n) + R"(,"device":{"id":)" + std::to_string(device) +
         R"(,"auth":"64089519511846157"},"reading":{"temp":4.5,"time":1466380800123,"batt":75}})";
}

GatewayLoad::GatewayLoad(Options options)
    : options_(std::move(options)), accepted_(options_.senders * options_.devices_of_each) {
  for (std::uint64_t sender = 0; sender < options_.senders; ++sender)
    threads_.emplace_back([this, sender] { send_all(sender); });
}

std::vector<std::uint64_t> GatewayLoad::finish() {
  is_finishing_ = true;
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
  return accepted_;
}

void GatewayLoad::send_all(std::uint64_t sender) {
  using namespace std::chrono_literals;
  constexpr std::uint64_t kTogether = 3;
  std::vector<std::uint64_t> next(options_.devices_of_each);
  int socket = -1;
  while (!is_finishing_) {
    std::string lines;
    for (std::uint64_t d = 0; d < next.size(); ++d)
      for (std::uint64_t n = 0; n < kTogether; ++n)
        lines += device_message(1 + sender * next.size() + d, next[d] + n) + "\n";
    if (socket < 0) socket = connect_to(options_.socket);
    if (socket >= 0 && talk(socket, lines)) {
      for (std::uint64_t& n : next)
        n += kTogether;
      std::this_thread::sleep_for(10ms);
      continue;
    }
    ++breaks_;
    if (socket >= 0) ::close(std::exchange(socket, -1));
    std::this_thread::sleep_for(20ms);
  }
  if (socket >= 0) ::close(socket);
  std::copy(next.begin(), next.end(),
            accepted_.begin() + static_cast<std::ptrdiff_t>(sender * next.size()));
}

}  // namespace bora::services
