#include "topologies/datapoints/series_part.hpp"

#include <utility>

#include "connectors/http/url.hpp"
#include "connectors/timeseries/endpoint.hpp"
#include "topologies/datapoints/remote_series.hpp"
#include "topologies/datapoints/series_api.hpp"

namespace bora::datapoints {
namespace {

constexpr std::string_view kKairosScheme = "kairosdb+";

/// "kairosdb+http://host:8080" without what comes before the plus sign.
Result<http::HttpUrl> http_url(const host::Url& url) {
  return http::parse_http_url(std::string_view{url.text()}.substr(url.text().find('+') + 1));
}

timeseries::EndpointOptions endpoint_options(const SeriesOptions& options) {
  timeseries::EndpointOptions endpoint;
  endpoint.url = http_url(options.url).value();
  endpoint.timeout = options.timeout;
  endpoint.authorization = options.authorization.reveal();
  return endpoint;
}

}  // namespace

SeriesOptions::SeriesOptions() : url(host::Url::parse("rocksdb:./data/series").value()) {}

void SeriesOptions::bind(host::Settings& settings) {
  settings.bind("series", url,
                "where the curves are: rocksdb:PATH, kairosdb+http://HOST:PORT, "
                "influx+http://HOST:PORT/write?db=NAME",
                {"rocksdb", "kairosdb+http", "kairosdb+https", "influx+http", "influx+https"});
  settings.bind("series.retention", retention, "rocksdb: how long points are kept; 0: for good");
  settings.bind("series.api_port", api_port,
                "rocksdb: port on loopback that answers queries as KairosDB does; 0: none");
  settings.bind("series.authorization", authorization,
                "kairosdb, influx: value of the header Authorization");
  settings.bind("series.timeout", timeout, "kairosdb, influx: longest wait for an answer");
}

SeriesPart::SeriesPart(SeriesOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}
SeriesPart::~SeriesPart() { stop(std::chrono::milliseconds{0}); }

Status SeriesPart::start() {
  if (!options_.is_embedded()) return {};
  RocksSeriesOptions store;
  store.path = std::string{options_.url.rest()};
  store.retention = options_.retention;
  auto opened = RocksSeries::open(store, clock_);
  if (!opened) return opened.status();
  embedded_ = *std::move(opened);
  const bool is_any_port = options_.api == SeriesOptions::ApiPort::kAnyFree;
  if (options_.api_port == 0 && !is_any_port) return {};
  http::ServerOptions server;
  server.port = is_any_port ? std::uint16_t{0} : options_.api_port;
  server.threads = 2;  // one long query does not hold up the others
  server_ = std::make_unique<http::Server>(std::move(server));
  SeriesApi{*embedded_, clock_}.mount(*server_);
  return server_->start();
}

void SeriesPart::stop(std::chrono::milliseconds deadline) {
  if (server_) server_->stop(deadline);
  server_.reset();
  embedded_.reset();
}

std::vector<host::Sample> SeriesPart::samples() const {
  if (!embedded_) return {};
  const auto stats = embedded_->stats();
  if (!stats) return {};
  return {{.name = "series_points",
           .help = "Points in the series store, about.",
           .value = static_cast<double>(stats->points)},
          {.name = "series_file_bytes",
           .help = "Size of the series store's files.",
           .value = static_cast<double>(stats->file_bytes)}};
}

std::shared_ptr<coldchain::SeriesStore> SeriesPart::store() const {
  if (embedded_) return embedded_;
  if (options_.url.scheme().starts_with(kKairosScheme))
    return std::make_shared<KairosSeries>(endpoint_options(options_));
  return std::make_shared<InfluxSeries>(endpoint_options(options_));
}

Result<std::unique_ptr<SeriesPart>> make_series(const SeriesOptions& options, const Clock& clock) {
  if (!options.is_embedded())
    if (const auto url = http_url(options.url); !url) return url.status();
  return std::make_unique<SeriesPart>(options, clock);
}

}  // namespace bora::datapoints
