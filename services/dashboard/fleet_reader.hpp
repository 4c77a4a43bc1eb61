#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/topic_log.hpp"
#include "services/dashboard/fleet.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::dashboard {

/// Where a fleet is read from.
struct FleetSources {
  log::TopicLog& log;
  std::unique_ptr<RecordSource> registry;  ///< The whole topic, as a table.
  std::shared_ptr<coldchain::SeriesReader> series =
      nullptr;  ///< For devices long silent; may be null.
  std::string readings_topic = "readings";
  std::string alerts_topic = "alerts";
};

/// Keeps a Fleet up to date, by a thread of its own that looks at the topics a few times a second. It is
/// member of no group and commits nothing: each run begins with the last records of each topic, and asks
/// the series store for devices that are not among these.
///
/// Threads: made and destroyed by one; on_event is called on the reader's own.
/// Lifetime: the fleet, the log and the series outlive it.
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
    std::string topic;
    Take take;
    std::map<std::uint32_t, std::int64_t> next = {};  // offset by partition
  };

  void run();
  bool rest(std::chrono::milliseconds at_most);
  Status look();
  Status read_registry();
  Status find_partitions();
  Status follow(Followed& followed);
  Status ask_series();
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
  bool is_open_ = false;
  bool is_caught_up_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace bora::dashboard
