#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bora/status.hpp"
#include "connectors/http/client.hpp"
#include "host/control_options.hpp"

namespace bora::host {

/// A process that runs somewhere, through its control plane.
/// Threads: single-owner.
/// Fails: kUnavailable when nobody answers, kInvalid when what was asked is refused; the text is what
/// the process said.
class RemoteProcess {
 public:
  /// At `url` ("http://127.0.0.1:9400"); when it is empty, where the settings have a program listen. The
  /// token is that of the settings, when there is one: none is made. `ca_file`: whose certificates are
  /// trusted; empty: the system's, and the settings' own certificate.
  [[nodiscard]] static Result<RemoteProcess> at(const std::string& url, const std::string& ca_file,
                                                const ControlPlaneOptions& control,
                                                const std::string& program);

  [[nodiscard]] Result<nlohmann::ordered_json> get(const std::string& target);
  [[nodiscard]] Result<nlohmann::ordered_json> post(const std::string& target);
  /// The data of each server-sent event, until `take` returns false or the process ends the stream.
  Status follow(const std::string& target, const std::function<bool(std::string_view data)>& take);
  /// Whether somebody answers.
  [[nodiscard]] bool is_there();
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  RemoteProcess(std::string url, std::string token, http::ClientOptions options);
  [[nodiscard]] Result<nlohmann::ordered_json> read(Result<http::Response> answer) const;
  [[nodiscard]] std::vector<http::Header> headers() const;

  std::string url_;
  std::string token_;
  std::unique_ptr<http::Client> client_;
};

/// Takes a stream of server-sent events apart, however it was cut.
class EventReader {
 public:
  /// Gives the data of each event that is whole by now to `take`; false when that wants no more.
  bool push(std::string_view piece, const std::function<bool(std::string_view data)>& take);

 private:
  std::string rest_;
  std::string data_;
};

}  // namespace bora::host
