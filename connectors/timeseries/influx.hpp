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

/// A store that takes InfluxDB's line protocol over HTTP: InfluxDB 1.x, VictoriaMetrics, and others. The
/// URL is where lines are written to, for instance http://host:8086/write?db=coldchain.
///
/// Each sample is a line with the field `value`. InfluxDB answers 400 when it drops some lines, and does
/// not name them: halves are sent to find out. VictoriaMetrics answers 204 whatever it drops.
/// Threads: single-owner.
class Influx {
 public:
  /// Appends precision=ms to the URL's query unless it names one.
  explicit Influx(EndpointOptions options);

  /// Writes what it takes of `samples`.
  /// Fails: kUnavailable (down, answers 5xx, or refuses us); some may be stored then.
  [[nodiscard]] Result<std::vector<Refused>> write(std::span<const Sample> samples);

  /// The answer of InfluxDB 1.x to a query in InfluxQL, with times in milliseconds.
  /// Fails: kInvalid when it does not understand the query, kUnavailable.
  [[nodiscard]] Result<std::string> query(std::string_view influx_ql);

 private:
  Delivery send(std::span<const Sample> samples, std::size_t begin, std::size_t end);

  Endpoint endpoint_;
  std::string write_target_;
  std::string query_target_;  ///< Up to the query's text.
};

/// Appends "metric,tag=v value=4.5 1466380800123\n"; a whole number is "75i".
void append_line(std::string& out, const Sample& sample);

/// `text` as a value in the query of a URL.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace bora::timeseries
