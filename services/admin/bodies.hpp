#pragma once
// Private: includes nlohmann/json. For the operations' .cpp files.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bora/status.hpp"
#include "connectors/http/message.hpp"
#include "services/admin/api.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::admin {

/// A value, or the response that says why there is none.
template <class T>
class OrResponse {
 public:
  OrResponse(T value) : value_(std::move(value)) {}  // NOLINT: implicit by design
  OrResponse(http::Response response) : response_(std::move(response)) {}  // NOLINT: likewise
  explicit operator bool() const noexcept { return value_.has_value(); }
  [[nodiscard]] T& operator*() { return *value_; }
  [[nodiscard]] T* operator->() { return &*value_; }
  [[nodiscard]] http::Response take_response() { return std::move(response_); }

 private:
  std::optional<T> value_;
  http::Response response_;
};

/// The request's body as a JSON object with no other names than `known`: else 400, 415, or 422.
[[nodiscard]] OrResponse<nlohmann::json> read_body(const http::Request& request,
                                                   std::initializer_list<std::string_view> known);
/// The same with any names.
[[nodiscard]] OrResponse<nlohmann::json> read_body(const http::Request& request);
/// A text of the object: else 422.
[[nodiscard]] OrResponse<std::string> text_of(const nlohmann::json& object, const char* name);

/// The path's `{id}`: else 404, as nothing else has an id.
[[nodiscard]] OrResponse<std::uint64_t> id_of(const http::Request& request);

/// A config map from a body: texts to texts, within limits, and those that topologies read are numbers
/// where they must be: else 422.
[[nodiscard]] OrResponse<coldchain::Config> read_config(const nlohmann::json& object);
/// The body of the older API as a config map: else 422.
[[nodiscard]] OrResponse<coldchain::Config> read_older_form(const nlohmann::json& object);

/// The store's failure, as a client is told.
[[nodiscard]] http::Response response_of(const Error& error);
[[nodiscard]] http::Response too_many_attempts();
/// 200 and so on with a body of JSON.
[[nodiscard]] http::Response json_response(int status, const nlohmann::ordered_json& body);

}  // namespace bora::admin
