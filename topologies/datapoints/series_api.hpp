#pragma once

#include <cstddef>
#include <string_view>

#include "bora/clock.hpp"
#include "connectors/http/server.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::datapoints {

struct SeriesApiOptions {
  /// Points that one request may read, over all its metrics; more is answered 400. What bounds the
  /// memory and the time of a request that names no device.
  std::size_t max_points = 1'000'000;
};

/// The queries of KairosDB's REST interface, answered from the embedded store, so that what was made for
/// a KairosDB works without one:
///
///   POST, GET /api/v1/datapoints/query         with tags, group_by tag, limit, order, and the
///                                              aggregators min max avg sum count first last
///   POST      /api/v1/datapoints/query/tags
///   GET       /api/v1/metricnames
///
/// Metrics are `temperature` and `battery`, tags `device` and `gateway`. What is not known of KairosDB's
/// language is refused with 400 and its name, never ignored.
/// Threads: what mount() installed runs on the server's threads, at the same time if it has several.
/// Lifetime: the store and the clock outlive the server.
class SeriesApi {
 public:
  SeriesApi(const coldchain::SeriesScanner& store, const Clock& clock,
            SeriesApiOptions options = {})
      : store_(store), clock_(clock), options_(options) {}

  /// Requires: the server has not started; this object may go before it.
  void mount(http::Server& server) const;

  /// `body` is JSON. 200 and the answer, or 400 and {"errors":[...]}; 503 when the store is away.
  [[nodiscard]] http::Response query(std::string_view body) const;
  [[nodiscard]] http::Response tags(std::string_view body) const;
  [[nodiscard]] http::Response metric_names(std::string_view prefix) const;

 private:
  const coldchain::SeriesScanner& store_;
  const Clock& clock_;
  SeriesApiOptions options_;
};

}  // namespace bora::datapoints
