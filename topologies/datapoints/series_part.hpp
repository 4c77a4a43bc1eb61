#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/http/server.hpp"
#include "host/assembly.hpp"
#include "host/secret.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "topologies/coldchain/series_store.hpp"
#include "topologies/datapoints/rocks_series.hpp"

namespace bora::datapoints {

/// Where the curves are: the settings `series` and `series.*`.
struct SeriesOptions {
  /// rocksdb:DIRECTORY, kairosdb+http://host:8080, or influx+http://host:8086/write?db=coldchain; the
  /// last two with https, too.
  host::Url url;
  std::chrono::hours retention{0};  ///< Embedded: see RocksSeriesOptions. Others have their own.
  std::uint16_t api_port = 0;       ///< Embedded: where SeriesApi listens on loopback; 0: nowhere.
  enum class ApiPort : std::uint8_t {
    kAsSet,
    kAnyFree,  ///< See SeriesPart::url(). For programs that start several of them.
  };
  ApiPort api = ApiPort::kAsSet;
  host::Secret authorization;                 ///< Others: value of the header Authorization.
  std::chrono::milliseconds timeout{10'000};  ///< Others: of one request.

  SeriesOptions();
  /// Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
  [[nodiscard]] bool is_embedded() const noexcept { return url.scheme() == "rocksdb"; }
};

/// The series store as a part of a process, with its interface for queries.
/// Threads: writer() from any between start() and stop().
class SeriesPart final : public host::Service {
 public:
  /// `clock` outlives the part.
  SeriesPart(SeriesOptions options, const Clock& clock);
  ~SeriesPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "series store"; }
  /// A store outside is not asked whether it is there: points wait for it.
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] std::string url() const override { return server_ ? server_->url() : ""; }

  /// The longest that a write may wait for an answer; zero for the embedded store, which asks nobody.
  [[nodiscard]] std::chrono::milliseconds write_timeout() const noexcept {
    return options_.is_embedded() ? std::chrono::milliseconds{0} : options_.timeout;
  }
  /// A writer for one thread. Lives no longer than this part. Requires: started.
  [[nodiscard]] std::shared_ptr<coldchain::SeriesWriter> writer() const { return store(); }
  /// A reader for one thread, as writer().
  [[nodiscard]] std::shared_ptr<coldchain::SeriesReader> reader() const { return store(); }
  /// Requires: started, and embedded.
  [[nodiscard]] const RocksSeries& embedded() const {
    BORA_CHECK(embedded_ != nullptr, "there is no embedded series store, or not yet");
    return *embedded_;
  }

 private:
  [[nodiscard]] std::shared_ptr<coldchain::SeriesStore> store() const;

  SeriesOptions options_;
  const Clock& clock_;
  std::shared_ptr<RocksSeries> embedded_;  // with the tasks that write; null for stores outside
  std::unique_ptr<http::Server> server_;
};

/// The part that the URL names, not started. Fails: kInvalid when the URL is none for its scheme.
[[nodiscard]] Result<std::unique_ptr<SeriesPart>> make_series(const SeriesOptions& options,
                                                              const Clock& clock);

}  // namespace bora::datapoints
