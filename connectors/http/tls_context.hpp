#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "bora/status.hpp"
#include "connectors/http/tls.hpp"

namespace bora::http::internal {

// Read once, shared by all connections; a certificate that is renewed counts after a restart.
// Fail: kInvalid with the file and what is wrong with it.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_context(const ClientTls& tls);
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_context(const ServerTls& tls);

}  // namespace bora::http::internal
