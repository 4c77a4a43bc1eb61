#include "topologies/coldchain/state/redis_state.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/redis/client.hpp"
#include "topologies/coldchain/state/limits.hpp"
#include "topologies/coldchain/state/redis_scripts.hpp"

namespace bora::coldchain {

namespace {

using redis::Pipeline;
using redis::Reply;
using redis::Value;

constexpr std::int64_t kForgottenAtOnce = 1000;  // as the script says
constexpr std::int64_t kPartitions = std::int64_t{LastSeen::kMaxPartition} + 1;

/// Orders by time first; below 2^53, so that it is exact in the doubles that Redis keeps.
std::int64_t score_of(const Sighting& each) {
  return to_millis(each.time) * kPartitions + each.partition;
}
Sighting sighting_of(DeviceId device, std::int64_t score) {
  return {.device = device,
          .time = from_millis(score / kPartitions),
          .partition = static_cast<std::uint32_t>(score % kPartitions)};
}

std::string random_id() {
  std::random_device device;
  return std::to_string(device()) + "-" + std::to_string(device());
}

std::string key_of(const std::string& prefix, DeviceId device, AlertKind kind) {
  return prefix + record_key(device) + ":" + std::string(to_string(kind));
}

/// The numbers in a text, with one space between them; nothing when it holds something else.
std::optional<std::vector<std::int64_t>> read_numbers(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) break;
    if (text.front() != ' ') return std::nullopt;
    text.remove_prefix(1);
  }
  return numbers;
}

class RedisState final : public SharedState, public LastSeen, public AlertLedger, public SilentSet {
 public:
  RedisState(const redis::RedisOptions& options, redis::RedisStats& stats)
      : client_(options, stats),
        birth_key_(options.key_prefix + "birth"),
        seen_key_(options.key_prefix + "lastseen"),
        silent_key_(options.key_prefix + "silent"),
        ended_key_(options.key_prefix + "silent:ended"),
        alerted_prefix_(options.key_prefix + "alerted:"),
        told_prefix_(options.key_prefix + "told:") {
    for (const redis::Script* script : all_scripts())
      client_.use(*script);
  }

  LastSeen& last_seen() noexcept override { return *this; }
  AlertLedger& alert_ledger() noexcept override { return *this; }
  SilentSet& silent_set() noexcept override { return *this; }

  Status find(std::span<const DeviceId> devices, WallTime now, Known& known) override;
  Status record(std::span<const Sighting> heard) override;
  Status walk(const Range& range, std::vector<Sighting>& found) override;
  Result<std::uint64_t> count_devices() override;

  Status claim(std::span<const AlertClaim> claims, std::vector<ClaimAnswer>& answers) override;
  Status find_told(std::span<const AlertName> alerts, std::vector<ToldAnswer>& answers) override;
  Status mark_told(std::span<const AlertName> alerts) override;

  Status find(std::span<const DeviceId> devices,
              std::vector<std::optional<Silence>>& found) override;
  Status begin(std::span<const Silence> silences) override;
  Status end(std::span<const SilenceEnd> ends, std::vector<EndAnswer>& answers) override;
  Status forget_ended(WallTime before) override;
  Result<Counts> count_silences() override;

 private:
  Status run() { return client_.run(batch_, replies_); }
  [[nodiscard]] Value reply(std::size_t i) const { return replies_[i].value(); }
  [[nodiscard]] Error unreadable(const std::string& key) const {
    return {ErrorKind::kCorrupt, "the key '" + key + "' of the Redis server " + client_.server() +
                                     " holds what this program does not write; give a prefix of "
                                     "your own, ?prefix=..."};
  }
  Status read_birth(const Value& value, StoreBirth& birth) const;
  Status walk_page(std::int64_t from, std::int64_t to, std::size_t limit,
                   std::vector<std::pair<std::int64_t, DeviceId>>& page);

  redis::Client client_;
  const std::string birth_key_, seen_key_, silent_key_, ended_key_, alerted_prefix_, told_prefix_;
  Pipeline batch_;
  std::vector<Reply> replies_;
  std::map<std::uint64_t, std::int64_t> newest_;  // of the batch being recorded
};

Status RedisState::read_birth(const Value& value, StoreBirth& birth) const {
  const auto text = value.text();
  const std::size_t space = text ? text->find(' ') : std::string_view::npos;
  const auto millis =
      space == std::string_view::npos ? std::nullopt : read_numbers(text->substr(space + 1));
  if (!millis || millis->size() != 1) return unreadable(birth_key_);
  birth.id = text->substr(0, space);
  birth.at = from_millis(millis->front());
  return {};
}

Status RedisState::find(std::span<const DeviceId> devices, WallTime now, Known& known) {
  batch_.clear();
  batch_.add({"SET", birth_key_, random_id() + " " + std::to_string(to_millis(now)), "NX"});
  batch_.add({"GET", birth_key_});
  if (!devices.empty()) {
    batch_.begin(2 + devices.size());
    batch_.word("ZMSCORE");
    batch_.word(seen_key_);
    for (const DeviceId device : devices)
      batch_.word(to_uint(device));
  }
  if (Status ran = run(); !ran) return ran;
  if (Status read = read_birth(reply(1), known.birth); !read) return read;
  known.last.clear();
  if (devices.empty()) return {};
  const Value scores = reply(2);
  if (scores.size() != devices.size()) return unreadable(seen_key_);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (scores[i].is_nil()) {
      known.last.emplace_back();
      continue;
    }
    const auto score = scores[i].integer();
    if (!score) return unreadable(seen_key_);
    known.last.emplace_back(sighting_of(devices[i], *score));
  }
  return {};
}

Status RedisState::record(std::span<const Sighting> heard) {
  newest_.clear();
  for (const Sighting& each : heard) {
    if (Status checked = check_sighting(each); !checked) return checked;
    std::int64_t& newest = newest_.try_emplace(to_uint(each.device), score_of(each)).first->second;
    if (to_millis(each.time) > newest / kPartitions) newest = score_of(each);
  }
  if (newest_.empty()) return {};
  batch_.clear();
  batch_.begin(3 + 2 * newest_.size());
  batch_.word("ZADD");
  batch_.word(seen_key_);
  batch_.word("GT");
  for (const auto& [device, score] : newest_) {
    batch_.word(score);
    batch_.word(device);
  }
  return run();
}

Status RedisState::walk_page(std::int64_t from, std::int64_t to, std::size_t limit,
                             std::vector<std::pair<std::int64_t, DeviceId>>& page) {
  page.clear();
  batch_.clear();
  batch_.add({"ZRANGEBYSCORE", seen_key_, std::to_string(from), "(" + std::to_string(to),
              "WITHSCORES", "LIMIT", "0", std::to_string(limit)});
  if (Status ran = run(); !ran) return ran;
  const Value members = reply(0);
  for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
    const auto text = members[i].text().value_or("");
    std::uint64_t device = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), device);
    const auto score = members[i + 1].integer();
    if (error != std::errc{} || end != text.data() + text.size() || !score)
      return unreadable(seen_key_);
    page.emplace_back(*score, DeviceId{device});
  }
  return {};
}

// Pages begin with the last score of the page before, since an offset would leave members out when
// others move on meanwhile.
Status RedisState::walk(const Range& range, std::vector<Sighting>& found) {
  const auto clamp = [](WallTime time) {
    return std::clamp<std::int64_t>(to_millis(time), 0, kMaxMillis) * kPartitions;
  };
  std::int64_t from = clamp(range.from);
  const std::int64_t to = clamp(range.to);
  std::size_t limit = 5'000;
  std::set<DeviceId> seen_at_from;
  std::vector<std::pair<std::int64_t, DeviceId>> page;
  while (from < to) {
    if (Status read = walk_page(from, to, limit, page); !read) return read;
    for (const auto& [score, device] : page)
      if (score != from || seen_at_from.insert(device).second)
        found.push_back(sighting_of(device, score));
    if (page.size() < limit) break;
    if (page.back().first == from) {
      limit *= 2;  // more devices of one millisecond than a page holds
      continue;
    }
    from = page.back().first;
    seen_at_from.clear();
    for (const auto& [score, device] : page)
      if (score == from) seen_at_from.insert(device);
  }
  return {};
}

Result<std::uint64_t> RedisState::count_devices() {
  batch_.clear();
  batch_.add({"ZCARD", seen_key_});
  if (Status ran = run(); !ran) return ran;
  return static_cast<std::uint64_t>(reply(0).integer().value_or(0));
}

Status RedisState::claim(std::span<const AlertClaim> claims, std::vector<ClaimAnswer>& answers) {
  answers.clear();
  for (const AlertClaim& each : claims)
    if (Status checked = check_claim(each); !checked) return checked;
  if (claims.empty()) return {};
  batch_.clear();
  for (const AlertClaim& each : claims) {
    batch_.begin_script(claim_script(), 1, 5);
    batch_.word(key_of(alerted_prefix_, each.device, each.kind));
    batch_.word(to_millis(each.time));
    batch_.word(each.id);
    batch_.word(kApart.count());
    batch_.word(kKept.count());
  }
  if (Status ran = run(); !ran) return ran;
  for (const Reply& each : replies_)
    answers.push_back(each.value().integer() == 1 ? ClaimAnswer::kYours : ClaimAnswer::kTaken);
  return {};
}

Status RedisState::find_told(std::span<const AlertName> alerts, std::vector<ToldAnswer>& answers) {
  answers.clear();
  for (const AlertName& each : alerts)
    if (Status checked = check_name(each); !checked) return checked;
  if (alerts.empty()) return {};
  batch_.clear();
  for (const AlertName& each : alerts)
    batch_.add({"ZSCORE", key_of(told_prefix_, each.device, each.kind),
                std::to_string(to_millis(each.time))});
  if (Status ran = run(); !ran) return ran;
  for (const Reply& each : replies_)
    answers.push_back(each.value().is_nil() ? ToldAnswer::kNotTold : ToldAnswer::kTold);
  return {};
}

Status RedisState::mark_told(std::span<const AlertName> alerts) {
  for (const AlertName& each : alerts)
    if (Status checked = check_name(each); !checked) return checked;
  if (alerts.empty()) return {};
  batch_.clear();
  for (const AlertName& each : alerts) {
    batch_.begin_script(told_script(), 1, 4);
    batch_.word(key_of(told_prefix_, each.device, each.kind));
    batch_.word(to_millis(each.time));
    batch_.word(kToldKept);
    batch_.word(kKept.count());
  }
  return run();
}

Status RedisState::find(std::span<const DeviceId> devices,
                        std::vector<std::optional<Silence>>& found) {
  found.clear();
  if (devices.empty()) return {};
  batch_.clear();
  batch_.begin(2 + devices.size());
  batch_.word("HMGET");
  batch_.word(silent_key_);
  for (const DeviceId device : devices)
    batch_.word(to_uint(device));
  if (Status ran = run(); !ran) return ran;
  if (reply(0).size() != devices.size()) return unreadable(silent_key_);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const Value value = reply(0)[i];
    if (value.is_nil()) {
      found.emplace_back();
      continue;
    }
    const auto numbers = read_numbers(value.text().value_or(""));
    if (!numbers || (numbers->size() != 1 && numbers->size() != 3)) return unreadable(silent_key_);
    Silence silence{.device = devices[i], .since = from_millis((*numbers)[0]), .ended_by = {}};
    if (numbers->size() == 3)
      silence.ended_by = ReadingPlace{static_cast<std::uint32_t>((*numbers)[1]), (*numbers)[2]};
    found.emplace_back(silence);
  }
  return {};
}

Status RedisState::begin(std::span<const Silence> silences) {
  for (const Silence& each : silences)
    if (Status checked = check_silence(each.device, each.since); !checked) return checked;
  if (silences.empty()) return {};
  batch_.clear();
  batch_.begin_script(begin_script(), 2, 2 + 3 * silences.size());
  batch_.word(silent_key_);
  batch_.word(ended_key_);
  for (const Silence& each : silences) {
    batch_.word(to_uint(each.device));
    batch_.word(to_millis(each.since));
    batch_.word(each.ended_by ? std::to_string(each.ended_by->partition) + " " +
                                    std::to_string(each.ended_by->offset)
                              : std::string{});
  }
  return run();
}

Status RedisState::end(std::span<const SilenceEnd> ends, std::vector<EndAnswer>& answers) {
  answers.clear();
  for (const SilenceEnd& each : ends)
    if (Status checked = check_silence(each.device, each.since); !checked) return checked;
  if (ends.empty()) return {};
  batch_.clear();
  batch_.begin_script(end_script(), 2, 2 + 3 * ends.size());
  batch_.word(silent_key_);
  batch_.word(ended_key_);
  for (const SilenceEnd& each : ends) {
    batch_.word(to_uint(each.device));
    batch_.word(to_millis(each.since));
    batch_.word(std::to_string(each.by.partition) + " " + std::to_string(each.by.offset));
  }
  if (Status ran = run(); !ran) return ran;
  if (reply(0).size() != ends.size()) return unreadable(silent_key_);
  for (std::size_t i = 0; i < ends.size(); ++i)
    answers.push_back(reply(0)[i].integer() == 1 ? EndAnswer::kYours : EndAnswer::kTaken);
  return {};
}

Status RedisState::forget_ended(WallTime before) {
  batch_.clear();
  batch_.begin_script(forget_script(), 2, 3);
  batch_.word(silent_key_);
  batch_.word(ended_key_);
  batch_.word(to_millis(before));
  do {  // a thousand at a time, since nobody else is served meanwhile
    if (Status ran = run(); !ran) return ran;
  } while (reply(0).integer().value_or(0) == kForgottenAtOnce);
  return {};
}

Result<SilentSet::Counts> RedisState::count_silences() {
  batch_.clear();
  batch_.add({"HLEN", silent_key_});
  batch_.add({"ZCARD", ended_key_});
  if (Status ran = run(); !ran) return ran;
  const auto all = static_cast<std::uint64_t>(reply(0).integer().value_or(0));
  const auto ended = static_cast<std::uint64_t>(reply(1).integer().value_or(0));
  return Counts{.silent = all - std::min(all, ended), .ended = ended};
}

}  // namespace

std::unique_ptr<SharedState> connect_redis_state(const redis::RedisOptions& options,
                                                 redis::RedisStats& stats) {
  return std::make_unique<RedisState>(options, stats);
}

}  // namespace bora::coldchain
