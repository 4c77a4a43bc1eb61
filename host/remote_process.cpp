#include "host/remote_process.hpp"

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "connectors/http/url.hpp"
#include "host/control_guard.hpp"
#include "host/control_secrets.hpp"

namespace bora::host {

namespace {

using Json = nlohmann::ordered_json;

// Longer than the server's heartbeats.
constexpr std::chrono::milliseconds kTimeout{15'000};

std::string url_of(const ControlPlaneOptions& control) {
  std::string host = control.address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return (control.certificate_file.empty() ? "http://" : "https://") + host + ":" +
         std::to_string(control.port);
}

enum class Place : std::uint8_t { kHere, kElsewhere };

// This machine's own token is nobody else's to see: elsewhere only one that was given.
std::string token_of(const ControlPlaneOptions& control, const std::string& program, Place place) {
  if (!control.token.is_empty()) return control.token.reveal();
  std::filesystem::path file = control.token_file;
  if (file.empty() && place == Place::kHere && !control.state_directory.empty())
    file = std::filesystem::path{control.state_directory} / (program + ".token");
  std::error_code ignored;
  if (file.empty() || !std::filesystem::exists(file, ignored)) return {};
  const auto token = read_or_make_token(file);
  return token ? token->reveal() : std::string{};
}

}  // namespace

Result<RemoteProcess> RemoteProcess::at(const std::string& url, const std::string& ca_file,
                                        const ControlPlaneOptions& control,
                                        const std::string& program) {
  const std::string where = url.empty() ? url_of(control) : url;
  const auto parsed = http::parse_http_url(where);
  if (!parsed) return Error{ErrorKind::kInvalid, "--at " + where + ": " + parsed.error().message};
  http::ClientOptions options{.host = parsed->host, .port = parsed->port, .timeout = kTimeout};
  if (parsed->is_https)
    options.tls = http::ClientTls{
        .ca_file = ca_file.empty() && url.empty() ? control.certificate_file : ca_file};
  const bool is_here = url.empty() || is_loopback_host(parsed->host) || parsed->host == "::1";
  return RemoteProcess{where,
                       token_of(control, program, is_here ? Place::kHere : Place::kElsewhere),
                       std::move(options)};
}

RemoteProcess::RemoteProcess(std::string url, std::string token, http::ClientOptions options)
    : url_(std::move(url)),
      token_(std::move(token)),
      client_(std::make_unique<http::Client>(std::move(options))) {}

std::vector<http::Header> RemoteProcess::headers() const {
  std::vector<http::Header> headers{{"Content-Type", "application/json"}};
  if (!token_.empty()) headers.push_back({"Authorization", "Bearer " + token_});
  return headers;
}

Result<Json> RemoteProcess::get(const std::string& target) {
  return read(client_->send(http::Method::kGet, target, "", headers()));
}

Result<Json> RemoteProcess::post(const std::string& target) {
  return read(client_->send(http::Method::kPost, target, "", headers()));
}

Result<Json> RemoteProcess::read(Result<http::Response> answer) const {
  if (!answer)
    return Error{ErrorKind::kUnavailable,
                 answer.error().message + "; does it run? --at URL says where"};
  Json body = Json::parse(answer->body, nullptr, false);
  if (answer->status >= 200 && answer->status < 300 && !body.is_discarded()) return body;
  std::string detail = "it is no control plane of Bora";
  if (body.is_object() && body.contains("detail") && body["detail"].is_string())
    detail = body["detail"].get<std::string>();
  return Error{ErrorKind::kInvalid,
               url_ + " answered " + std::to_string(answer->status) + ": " + detail};
}

Status RemoteProcess::follow(const std::string& target,
                             const std::function<bool(std::string_view data)>& take) {
  EventReader reader;
  auto answer = client_->stream(target, headers(),
                                [&](std::string_view piece) { return reader.push(piece, take); });
  if (answer && answer->status == 200) return {};
  return read(std::move(answer)).status();
}

bool RemoteProcess::is_there() {
  return client_->send(http::Method::kGet, "/startupz", "", headers()).is_ok();
}

bool EventReader::push(std::string_view piece,
                       const std::function<bool(std::string_view data)>& take) {
  rest_ += piece;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line{rest_.data() + begin, end - begin};
    if (line.starts_with("data: ")) {
      if (!data_.empty()) data_ += '\n';
      data_ += line.substr(6);
    }
    if (!line.empty() || data_.empty()) continue;
    if (!take(std::exchange(data_, {}))) return false;
  }
  rest_.erase(0, begin);
  return true;
}

}  // namespace bora::host
