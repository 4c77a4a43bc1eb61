#include "connectors/log/log_table_source.hpp"

#include <algorithm>
#include <utility>

#include "connectors/log/assigned_partitions.hpp"
#include "connectors/log/topic_log.hpp"
#include "connectors/log/topic_log_core.hpp"

namespace bora::log {

/// A table source that is open.
///
/// Threads: the source's.
class TableReading {
 public:
  TableReading(TopicLogCore& core, Topic& topic, std::optional<std::int64_t> newest,
               AssignmentListener& listener, std::function<void()> wake)
      : core_(core),
        listener_(listener),
        partitions_(topic.partitions()),
        waiter_(std::move(wake)),
        assigned_(core.store(), topic, waiter_) {
    core_.table_opened();
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      std::int64_t start = topic.partition(p).start();
      if (newest) start = std::max(start, topic.partition(p).end() - *newest);
      assigned_.add(p, kEpoch, start);
      listener_.on_assigned(p, kEpoch, start);
    }
  }
  ~TableReading() { core_.table_closed(); }
  TableReading(const TableReading&) = delete;
  TableReading& operator=(const TableReading&) = delete;

  [[nodiscard]] AssignedPartitions& assigned() noexcept { return assigned_; }
  void revoke_all() {
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      listener_.on_revoked(p, kEpoch, AssignmentListener::Leave::kRevoked);
      assigned_.remove(p);
    }
  }

 private:
  static constexpr std::uint32_t kEpoch = 1;
  TopicLogCore& core_;
  AssignmentListener& listener_;
  const std::uint32_t partitions_;
  Waiter waiter_;
  AssignedPartitions assigned_;
};

LogTableSource::LogTableSource(TopicLog& log, std::string topic, std::optional<std::int64_t> newest)
    : log_(log), topic_(std::move(topic)), newest_(newest) {}

LogTableSource::~LogTableSource() = default;

Status LogTableSource::open(AssignmentListener& listener, std::function<void()> wake) {
  if (reading_ != nullptr)
    return {ErrorKind::kInvalid,
            "could not open the table of topic " + topic_ + ": it is open already"};
  Result<Topic*> topic = log_.core().topic(topic_);
  if (!topic) return topic.status();
  reading_ =
      std::make_unique<TableReading>(log_.core(), **topic, newest_, listener, std::move(wake));
  return {};
}

Result<std::size_t> LogTableSource::poll(std::size_t max, std::vector<SourceRecord>& out) {
  if (reading_ == nullptr)
    return Error{ErrorKind::kClosed,
                 "could not read the table of topic " + topic_ + ": it is not open"};
  if (is_paused_ || max == 0) return std::size_t{0};
  return reading_->assigned().poll(max, out);
}

std::optional<std::uint64_t> LogTableSource::lag() const {
  if (reading_ == nullptr) return std::nullopt;
  return reading_->assigned().lag();
}

void LogTableSource::close() {
  if (reading_ == nullptr) return;
  reading_->revoke_all();
  reading_.reset();
}

}  // namespace bora::log
