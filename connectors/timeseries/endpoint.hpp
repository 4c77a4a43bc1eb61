#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"
#include "connectors/http/client.hpp"
#include "connectors/http/url.hpp"
#include "connectors/timeseries/sample.hpp"

namespace bora::timeseries {

struct EndpointOptions {
  http::HttpUrl url;  ///< Its target is where the store's paths begin, or where it is written to.
  std::chrono::milliseconds timeout{10'000};
  std::string authorization = {};  ///< Value of the header Authorization; empty: none.
  /// Samples of one request, at most. The servers' own advice is about 5,000.
  std::size_t max_samples = 5'000;
  enum class Encoding : std::uint8_t { kGzip, kPlain };
  Encoding encoding = Encoding::kGzip;  ///< Of requests. Plain for a server that knows no other.
  std::size_t max_answer_bytes = std::size_t{64} << 20;
};

/// The server of a time-series store, and what its answers mean.
/// Threads: single-owner.
class Endpoint {
 public:
  explicit Endpoint(EndpointOptions options);

  struct Answer {
    int status = 0;
    std::string body;
  };
  /// Sends a body that may be large, encoded as the options say; at once again, two times at most, when
  /// the server answers that it failed (500, 502, 504): a record is done when all that it is made into is
  /// stored, and with a server that fails at every second request that is rarely so at a first attempt.
  /// What asks a question goes by ask().
  /// Fails: kUnavailable when no whole answer came.
  [[nodiscard]] Result<Answer> write(const std::string& target, std::string body,
                                     std::string_view content_type);
  [[nodiscard]] Result<Answer> ask(const std::string& target, std::string json);
  [[nodiscard]] Result<Answer> get(const std::string& target);

  [[nodiscard]] const EndpointOptions& options() const noexcept { return options_; }
  /// "KairosDB on 127.0.0.1:8080 answered 503 to ...: TEXT; MEND"
  [[nodiscard]] Error unexpected(std::string_view store, std::string_view tried,
                                 const Answer& answer) const;

 private:
  [[nodiscard]] Result<Answer> send(http::Method method, const std::string& target,
                                    std::string body, std::vector<http::Header> headers);

  EndpointOptions options_;
  http::Client client_;
};

/// What came of one request that carries samples.
struct Delivery {
  enum class Outcome : std::uint8_t {
    kTaken,     ///< All of them.
    kRefused,   ///< Some of them, or the request: `named` if the store said which, else `reason`.
    kTooLarge,  ///< The request as a whole; halves may pass.
    kFailed,    ///< None may be stored: see `status`.
  };
  Outcome outcome = Outcome::kTaken;
  std::vector<Refused> named = {};
  std::string reason = {};
  Status status = {};
};

/// Sends samples [begin, end) of a batch as one request; indices in the outcome are those of the batch.
using Send = std::function<Delivery(std::size_t begin, std::size_t end)>;

/// Delivers `samples` in requests of at most `most`, and finds out which samples are refused: by what
/// the store says, else by sending halves until they stand alone. A store that refuses many requests of
/// several samples and takes none does not refuse samples but us: that is kUnavailable, with its reason.
[[nodiscard]] Result<std::vector<Refused>> deliver(std::size_t samples, std::size_t most,
                                                   const Send& send);

}  // namespace bora::timeseries
