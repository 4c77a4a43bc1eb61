#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"
#include "connectors/timeseries/endpoint.hpp"
#include "connectors/timeseries/sample.hpp"

namespace bora::timeseries {

/// A KairosDB over its REST interface.
///
///   KairosDb kairos{{.url = *http::parse_http_url("http://127.0.0.1:8080")}};
///   auto refused = kairos.write(samples);
///
/// It tells real from whole numbers by their text, so every metric says its type, and reals are written
/// with a point. It stores the samples before a bad one although it answers 400, and what it answers
/// 204 to may be seen a moment later only.
/// Threads: single-owner.
class KairosDb {
 public:
  explicit KairosDb(EndpointOptions options);

  /// Writes what it takes of `samples`. Runs of samples of one metric and tags share their names.
  /// Fails: kUnavailable (down, answers 5xx, half an answer, or refuses us); some may be stored then.
  [[nodiscard]] Result<std::vector<Refused>> write(std::span<const Sample> samples);

  /// The answer to a query in JSON, as /api/v1/datapoints/query defines both.
  /// Fails: kInvalid when it does not understand the query, kUnavailable.
  [[nodiscard]] Result<std::string> query(std::string json);

 private:
  Delivery send(std::span<const Sample> samples, std::size_t begin, std::size_t end);
  [[nodiscard]] std::string path(std::string_view of) const;

  Endpoint endpoint_;
};

/// The body of a write. `first_of` gets, for each metric in it, the index of its first sample.
[[nodiscard]] std::string kairos_body(std::span<const Sample> samples,
                                      std::vector<std::size_t>& first_of);

/// The numbers of the metrics that an answer 400 names ("metric[3](name=...)"), sorted, with its text.
[[nodiscard]] std::vector<Refused> kairos_refusals(std::string_view body);

}  // namespace bora::timeseries
