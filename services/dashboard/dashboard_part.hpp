#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/http/message.hpp"
#include "host/assembly.hpp"
#include "services/dashboard/fleet.hpp"
#include "services/dashboard/fleet_reader.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::dashboard {

/// Where the part finds the others of its process; called in start() and while it runs.
struct DashboardParts {
  std::function<std::unique_ptr<RecordSource>()> registry;  ///< The topic `registry`, as a table.
  /// The topics `readings` and `alerts`, from the last FleetReader::kLookBack records on.
  std::function<std::unique_ptr<RecordSource>()> readings;
  std::function<std::unique_ptr<RecordSource>()> alerts;
  /// One for each who reads, at the same time.
  std::function<std::shared_ptr<coldchain::SeriesReader>()> series;
};

/// What the page of the cold chain shows, as routes of the control plane (web/API.md): devices, alerts,
/// gateways, and the curve of a device as JSON and as CSV.
/// Threads: the routes, on the control plane's threads, several at once.
class DashboardPart final : public host::Service {
 public:
  /// `clock` outlives the part.
  DashboardPart(DashboardParts parts, const Clock& clock);

  [[nodiscard]] std::string_view name() const noexcept override { return "dashboard"; }
  void attach(host::ServiceHost host) override { host_ = std::move(host); }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  void add_routes(host::ControlRoutes& routes) override;

 private:
  [[nodiscard]] http::Response devices(const http::Request& request) const;
  [[nodiscard]] http::Response curve(const http::Request& request) const;
  [[nodiscard]] http::Response alerts(const http::Request& request) const;

  const DashboardParts parts_;
  const Clock& clock_;
  const std::string run_;  ///< Names this run of the process in cursors.
  host::ServiceHost host_;
  Fleet fleet_;
  std::unique_ptr<FleetReader> reader_;  // uses fleet_: dies first
};

}  // namespace bora::dashboard
