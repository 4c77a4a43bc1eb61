#include "host/tap.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "bora/check.hpp"
#include "host/log_format.hpp"
#include "host/redact.hpp"

namespace bora::host {

std::string TapPoint::sample(const TapRecord& record, std::uint64_t skipped) const {
  nlohmann::ordered_json json{{"stream", stream_}, {"at", format_time(clock_.wall_now())}};
  if (record.topic) json["topic"] = *record.topic;
  if (record.partition) json["partition"] = *record.partition;
  if (record.offset) json["offset"] = *record.offset;
  if (record.key) json["key"] = *record.key;
  for (const auto& [name, value] : record.headers)
    json["headers"][std::string{name}] = sounds_secret(name) ? "***" : value;
  Redacted value = redacted(record.value);
  json["value"] = std::move(value.text);
  if (value.is_cut) json["is_cut"] = true;
  if (skipped > 0) json["skipped"] = skipped;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void TapPoint::offer(const TapRecord& record) {
  const Instant now = clock_.now();
  const std::lock_guard lock{mutex_};
  const auto gone = [&](Watching& watching) {
    if (now < watching.next) {
      ++watching.skipped;
      return false;
    }
    watching.next = now + watching.pause;
    return !watching.watcher(sample(record, std::exchange(watching.skipped, 0)));
  };
  watchers_.erase(std::remove_if(watchers_.begin(), watchers_.end(), gone), watchers_.end());
  watchers_count_.store(watchers_.size(), std::memory_order_relaxed);
}

void TapPoint::watch(std::uint32_t rate, Watcher watcher) {
  BORA_CHECK(rate > 0, "samples need a rate");
  std::chrono::nanoseconds pause{1'000'000'000 / rate};
  {
    const std::lock_guard lock{mutex_};
    watchers_.push_back({pause, clock_.now(), 0, std::move(watcher)});
    watchers_count_.store(watchers_.size(), std::memory_order_relaxed);
    for (const Watching& each : watchers_)
      pause = std::min(pause, each.pause);
  }
  // Without the lock: who offers holds its own while it calls offer().
  if (start_) start_(pause);
}

void Taps::add(const std::string& stream, TapPoint::Start start) {
  const std::lock_guard lock{mutex_};
  std::shared_ptr<TapPoint>& point = points_[stream];
  BORA_CHECK(point == nullptr, "two taps are called " + stream);
  point = std::make_shared<TapPoint>(stream, clock_, std::move(start));
}

std::shared_ptr<TapPoint> Taps::point(const std::string& stream) {
  const std::lock_guard lock{mutex_};
  std::shared_ptr<TapPoint>& point = points_[stream];
  if (!point) point = std::make_shared<TapPoint>(stream, clock_);
  return point;
}

std::shared_ptr<TapPoint> Taps::find(std::string_view stream) const {
  const std::lock_guard lock{mutex_};
  const auto found = points_.find(stream);
  return found == points_.end() ? nullptr : found->second;
}

std::vector<std::string> Taps::streams() const {
  std::vector<std::string> names;
  const std::lock_guard lock{mutex_};
  for (const auto& [name, point] : points_)
    names.push_back(name);
  return names;
}

}  // namespace bora::host
