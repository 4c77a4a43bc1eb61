#include "connectors/http/client.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>

#include "connectors/http/connection.hpp"

namespace bora::http {

// Blocking calls of Asio take no timeout, so an exchange is an asynchronous one that is run to its end.
class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)), connection_(io_, options_) {}

  Result<Response> send(Call call) {
    Result<Response> result = Error{};
    connection_.exchange(std::move(call), [&result](Result<Response> r) { result = std::move(r); });
    io_.restart();
    io_.run();
    return result;
  }
  Result<Response> stream(Call call, internal::Connection::Take take) {
    connection_.take_body(std::move(take));
    return send(std::move(call));
  }
  void disconnect() noexcept { connection_.disconnect(); }

 private:
  const ClientOptions options_;
  boost::asio::io_context io_{1};
  internal::Connection connection_;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Response> Client::get(const std::string& target) { return impl_->send({.target = target}); }

Result<Response> Client::post(const std::string& target, std::string body,
                              const std::string& content_type) {
  return send(Method::kPost, target, std::move(body), {{"Content-Type", content_type}});
}

Result<Response> Client::send(Method method, const std::string& target, std::string body,
                              const std::vector<Header>& headers) {
  return impl_->send(
      {.method = method, .target = target, .body = std::move(body), .headers = headers});
}

Result<Response> Client::stream(const std::string& target, const std::vector<Header>& headers,
                                std::function<bool(std::string_view)> take) {
  return impl_->stream({.target = target, .headers = headers}, std::move(take));
}

void Client::disconnect() noexcept { impl_->disconnect(); }

}  // namespace bora::http
