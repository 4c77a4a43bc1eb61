#include "topologies/parts/registry_part.hpp"

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace bora::parts {

namespace {
constexpr std::size_t kPollRecords = 1024;
// A source has to be polled now and then although nothing woke it: Kafka's needs it.
constexpr std::chrono::milliseconds kPollEvery{200};
constexpr std::chrono::milliseconds kRetryEvery{1'000};

struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};
}  // namespace

/// The thread that reads the topic.
class RegistryPart::Reader {
 public:
  explicit Reader(RegistryPart& part) : part_(part), thread_([this] { run(); }) {}
  ~Reader() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  void run() {
    while (!rest(std::chrono::milliseconds{0})) {
      const Status read = read_topic();
      if (read) return;
      part_.numbers_.failures.fetch_add(1);
      tell(std::string(read.message()));
      if (rest(kRetryEvery)) return;
    }
  }

  /// Reads until the part stops, which is success, or the source fails for good.
  Status read_topic() {
    const auto source = part_.table_();
    NoListener listener;
    const auto wake = [this] {
      {
        const std::lock_guard lock(mutex_);
        is_woken_ = true;
      }
      changed_.notify_all();
    };
    if (Status opened = source->open(listener, wake); !opened) return opened;
    const Status followed = follow(*source);
    source->close();
    return followed;
  }

  Status follow(RecordSource& source) {
    std::vector<SourceRecord> records;
    for (;;) {
      records.clear();
      const Result<std::size_t> polled = source.poll(kPollRecords, records);
      if (!polled && !polled.status().is_retryable()) return polled.status();
      for (const SourceRecord& record : records)
        apply(record.record);
      const auto lag = source.lag();
      part_.numbers_.lag.store(lag.value_or(0));
      if (polled && lag == 0u) is_caught_up_ = true;
      show_readiness();
      const auto pause = !polled           ? kRetryEvery
                         : records.empty() ? kPollEvery
                                           : std::chrono::milliseconds{0};
      if (rest(pause)) return {};
    }
  }

  void apply(const Record& record) {
    auto change = coldchain::read_registry_record(record);
    const std::string key = record.key.value_or("");
    if (change) {
      unreadable_.erase(key);
      part_.view_.apply(std::move(change).value());
    } else if (unreadable_.insert(key).second) {
      tell(change.error().message);
    }
    part_.numbers_.unreadable.store(unreadable_.size());
  }

  void show_readiness() {
    const bool is_ready = is_caught_up_ && unreadable_.empty();
    if (is_ready == part_.view_.is_ready()) return;
    if (is_ready) {
      part_.view_.set_ready();
    } else {
      part_.view_.set_unready();
    }
  }

  /// Waits until the source has something, or for so long. True when the part stops.
  bool rest(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (at_most.count() > 0)
      changed_.wait_for(lock, at_most, [this] { return stopping_ || is_woken_; });
    is_woken_ = false;
    return stopping_;
  }

  void tell(const std::string& text) const {
    if (part_.on_event_) part_.on_event_(text);
  }

  RegistryPart& part_;
  std::set<std::string> unreadable_;  // keys; the reader's thread
  bool is_caught_up_ = false;         // the reader's thread
  std::mutex mutex_;                  // guards what follows
  std::condition_variable changed_;
  bool is_woken_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

RegistryPart::RegistryPart(std::function<std::unique_ptr<RecordSource>()> table,
                           std::function<void(const std::string&)> on_event)
    : table_(std::move(table)), on_event_(std::move(on_event)) {}
RegistryPart::~RegistryPart() = default;

Status RegistryPart::start() {
  reader_ = std::make_unique<Reader>(*this);
  return {};
}

void RegistryPart::stop(std::chrono::milliseconds) { reader_.reset(); }

std::optional<std::string> RegistryPart::unready() const {
  if (view_.is_ready()) return std::nullopt;
  if (const auto unreadable = numbers_.unreadable.load(); unreadable > 0)
    return std::to_string(unreadable) + " entries of the registry cannot be read by this version";
  return "the registry is not read to its end yet: " + std::to_string(numbers_.lag.load()) +
         " records to go";
}

std::vector<host::Sample> RegistryPart::samples() const {
  const auto size = view_.size();
  std::vector<host::Sample> samples;
  const auto gauge = [&](const char* name, const char* help, double value) {
    samples.push_back({.name = name, .help = help, .value = value});
  };
  gauge("registry_ready", "1 when the registry was read and understood, else 0.",
        view_.is_ready() ? 1 : 0);
  gauge("registry_devices", "Devices in the registry.", static_cast<double>(size.devices));
  gauge("registry_gateways", "Gateways in the registry.", static_cast<double>(size.gateways));
  gauge("registry_bytes", "Memory that the registry's table holds.",
        static_cast<double>(size.bytes));
  gauge("registry_lag_records", "Records of the registry's topic that were not read yet.",
        static_cast<double>(numbers_.lag.load()));
  gauge("registry_unreadable_keys", "Keys whose newest record could not be read.",
        static_cast<double>(numbers_.unreadable.load()));
  samples.push_back({.name = "registry_failures_total",
                     .help = "Times that the registry's topic could not be read.",
                     .kind = host::Sample::Kind::kCounter,
                     .value = static_cast<double>(numbers_.failures.load())});
  return samples;
}

}  // namespace bora::parts
