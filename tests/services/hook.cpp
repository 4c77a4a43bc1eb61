#include "services/hook.hpp"

#include <thread>

#include <nlohmann/json.hpp>

#include "bora/check.hpp"
#include "connectors/http/url.hpp"
#include "connectors/timeseries/gzip.hpp"

namespace bora::services {

namespace {

http::ClientOptions client_of(const std::string& url) {
  const auto parsed = http::parse_http_url(url);
  BORA_CHECK(parsed.is_ok(), "no URL: " + url);
  return {.host = parsed->host, .port = parsed->port};
}

void must_start(http::Server& server) {
  const Status started = server.start();
  BORA_CHECK(started.is_ok(), std::string{started.message()});
}

}  // namespace

Hook::Hook(std::chrono::milliseconds takes)
    : takes_(takes), server_(http::ServerOptions{.threads = 4}) {
  server_.route(http::Method::kPost, "/told/{program}",
                [this](const http::Request& request) { return take(request); });
  must_start(server_);
}

http::Response Hook::take(const http::Request& request) {
  if (is_down_) {
    ++refused_;
    return http::text(503, "down");
  }
  const WallTime now = SystemClock{}.wall_now();
  {
    const std::lock_guard lock{mutex_};
    Told& told = told_[request.parameter("program")]
                      [std::string{http::find_header(request.headers, "Idempotency-Key")}];
    if (told.times++ == 0) told.first = now;
  }
  std::this_thread::sleep_for(takes_);  // a thread of its own for each connection there is
  return http::text(200, "ok");
}

Tally Hook::told(const std::string& program) const {
  const std::lock_guard lock{mutex_};
  Tally tally;
  const auto found = told_.find(program);
  if (found == told_.end()) return tally;
  for (const auto& [key, told] : found->second)
    tally[key] = told.times;
  return tally;
}

std::map<std::string, WallTime> Hook::times(const std::string& program) const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, WallTime> times;
  const auto found = told_.find(program);
  if (found == told_.end()) return times;
  for (const auto& [key, told] : found->second)
    times[key] = told.first;
  return times;
}

FickleStore::FickleStore(const std::string& behind)
    : client_(client_of(behind)), server_(http::ServerOptions{.threads = 2}) {
  server_.route(http::Method::kPost, "/api/v1/datapoints",
                [this](const http::Request& request) { return write(request); });
  must_start(server_);
}

http::Response FickleStore::write(const http::Request& request) {
  const Mood mood = mood_;
  if (mood == Mood::kDown) {
    ++refused_;
    return http::text(503, "down");
  }
  const std::lock_guard lock{mutex_};
  const bool fails = mood == Mood::kHalf && dice_.one_in(2);
  if (fails) ++refused_;
  if (fails && dice_.one_in(2)) return http::text(500, "half");
  std::vector<http::Header> headers;
  for (const char* name : {"Content-Type", "Content-Encoding"})
    if (const auto value = http::find_header(request.headers, name); !value.empty())
      headers.push_back({name, std::string{value}});
  auto answer = client_.send(http::Method::kPost, request.path, request.body, headers);
  if (!answer) return http::text(502, answer.error().message);
  if (answer->status == 204) note_ages(request.body);
  return fails ? http::text(500, "half") : http::text(answer->status, answer->body);
}

void FickleStore::note_ages(const std::string& body) {
  const auto now = static_cast<double>(to_millis(SystemClock{}.wall_now()));
  const auto text = timeseries::gunzip(body, std::size_t{64} << 20);
  if (!text) return;
  for (const auto& metric : nlohmann::json::parse(*text))
    for (const auto& point : metric.at("datapoints"))
      ages_.push_back(now - point.at(0).get<double>());
}

std::vector<double> FickleStore::ages() {
  const std::lock_guard lock{mutex_};
  return ages_;
}

}  // namespace bora::services
