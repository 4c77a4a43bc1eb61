#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "services/dashboard/fleet.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::dashboard {

/// Where a fleet is read from. None of the sources is open, or a member of a group.
struct FleetSources {
  std::unique_ptr<RecordSource> registry;  ///< The whole topic, as a table.
  std::unique_ptr<RecordSource> readings;  ///< From the last kLookBack of each partition on.
  std::unique_ptr<RecordSource> alerts;    ///< The same.
  std::shared_ptr<coldchain::SeriesReader> series =
      nullptr;  ///< For devices long silent; may be null.
};

/// Keeps a Fleet up to date, by a thread of its own that looks at the topics a few times a second. It is
/// member of no group and commits nothing: each run begins with the last records of each topic, and asks
/// the series store for devices that are not among these.
///
/// Threads: made and destroyed by one; on_event is called on the reader's own.
/// Lifetime: the fleet, what the sources read from and the series outlive it.
class FleetReader {
 public:
  /// Starts reading. `on_event` gets a line for a fault, once until it changes; must not wait.
  FleetReader(Fleet& fleet, FleetSources sources, std::function<void(const std::string&)> on_event);
  /// Ends it.
  ~FleetReader();
  FleetReader(const FleetReader&) = delete;
  FleetReader& operator=(const FleetReader&) = delete;

  /// Records of each partition that a new run looks back at.
  static constexpr std::int64_t kLookBack = 50'000;

 private:
  using Take = void (FleetReader::*)(const Record&);
  struct Followed {
    RecordSource& source;
    Take take;
    bool is_open = false;
  };

  void run();
  bool rest(std::chrono::milliseconds at_most);
  bool is_stopping();
  Status look();
  Status follow(Followed& followed);
  Status ask_series();
  void take_entry(const Record& record);
  void take_reading(const Record& record);
  void take_alert(const Record& record);
  void tell(const Status& status);

  Fleet& fleet_;
  FleetSources sources_;
  const std::function<void(const std::string&)> on_event_;
  std::vector<Followed> followed_;                 // what follows: the reader's thread
  std::unordered_set<coldchain::DeviceId> asked_;  // of the series store
  std::vector<SourceRecord> records_;
  std::string last_fault_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace bora::dashboard
