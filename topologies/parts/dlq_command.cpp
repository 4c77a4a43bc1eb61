#include "topologies/parts/dlq_command.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <ostream>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "host/signals.hpp"
#include "spouts/dead_letter.hpp"
#include "topologies/parts/dead_letter_replay.hpp"

namespace bora::parts {
namespace {

using namespace std::chrono_literals;

enum class Verb : std::uint8_t { kList, kShow, kReplay };

struct Typed {
  Verb verb = Verb::kList;
  std::string topic;
  std::size_t limit = 100;
  double rate = 0;
  bool is_confirmed = false;
};

Result<std::vector<std::int64_t>> ends_of(const TopicsOptions& options, const Clock& clock,
                                          const std::string& letters, std::uint64_t& pending) {
  const auto tools = make_topic_tools(options, clock);
  if (!tools) return tools.status();
  auto ends = (*tools)->ends(letters);
  if (!ends) return ends;
  const auto lag = (*tools)->lag(letters, replay_group(letters));
  if (!lag) return lag.status();
  pending = *lag;
  return ends;
}

Status list(const TopicsOptions& options, const Clock& clock,
            const std::vector<std::string>& topics, std::ostream& out) {
  const auto tools = make_topic_tools(options, clock);
  if (!tools) return tools.status();
  for (const std::string& topic : topics) {
    const std::string letters = dead_letter_topic(topic);
    // A group that never was has everything before it.
    const auto all = (*tools)->lag(letters, letters + ".nobody");
    if (!all && all.error().kind == ErrorKind::kNotFound) {
      out << letters << ": no such topic\n";
      continue;
    }
    const auto pending = (*tools)->lag(letters, replay_group(letters));
    if (!all || !pending) return all ? pending.status() : all.status();
    out << letters << ": " << *all << " letters, " << *pending << " not replayed\n";
  }
  return {};
}

/// Nothing depends on where partitions are.
struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

std::string line_of(const SourceRecord& letter) {
  nlohmann::json line{{"partition", letter.position.partition},
                      {"offset", letter.position.offset},
                      {"timestamp", to_millis(letter.record.timestamp)},
                      {"value", letter.record.value}};
  if (letter.record.key) line["key"] = *letter.record.key;
  for (const RecordHeader& header : letter.record.headers)
    line["headers"][header.key] = header.value;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Status show(TopicsPart& part, const std::string& letters, std::size_t limit, std::ostream& out) {
  const auto source = part.whole(letters)();
  NoListener listener;
  if (Status opened = source->open(listener, [] {}); !opened) return opened;
  std::vector<SourceRecord> records;
  std::size_t shown = 0;
  auto give_up = std::chrono::steady_clock::now() + 15s;
  while (shown < limit && source->lag() != std::uint64_t{0} &&
         std::chrono::steady_clock::now() < give_up) {
    records.clear();
    const auto polled = source->poll(limit - shown, records);
    if (!polled) return polled.status();
    for (const SourceRecord& letter : records)
      out << line_of(letter) << '\n';
    shown += records.size();
    if (records.empty())
      std::this_thread::sleep_for(5ms);
    else
      give_up = std::chrono::steady_clock::now() + 15s;
  }
  source->close();
  return {};
}

Status replay(TopicsPart& part, const std::string& topic, std::vector<std::int64_t> ends,
              double rate, const Clock& clock, host::Log& log) {
  const std::string letters = dead_letter_topic(topic);
  std::atomic<bool> is_stopping{false};
  const host::SignalWatch signals{[&](std::uint32_t) { is_stopping = true; }};
  const auto source = part.connections(letters, replay_group(letters)).source(0);
  const auto sink = part.sinks()(0);
  const auto done = replay_letters(
      {.ends = std::move(ends), .fallback_topic = topic, .rate = rate},
      {.letters = *source,
       .sink = *sink,
       .clock = clock,
       .wait = [](std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); },
       .is_stopping = [&] { return is_stopping.load(); },
       .on_progress =
           [&](const ReplayedLetters& progress) {
             log.info("replaying dead letters",
                      {{"topic", topic}, {"replayed", progress.replayed}});
           }});
  if (!done) return done.status();
  if (!done->was_stopped) return {};
  return {ErrorKind::kClosed,
          "stopped after " + std::to_string(done->replayed) + " letters; run it again to go on"};
}

Status run(const Typed& typed, const TopicsOptions& options, std::vector<std::string> topics,
           const Clock& clock, host::Invocation& invocation) {
  if (!typed.topic.empty()) topics = {typed.topic};
  if (typed.verb == Verb::kList) return list(options, clock, topics, invocation.out);
  for (const std::string& topic : topics) {
    const std::string letters = dead_letter_topic(topic);
    std::uint64_t pending = 0;
    const auto ends = ends_of(options, clock, letters, pending);
    if (!ends && ends.error().kind == ErrorKind::kNotFound && typed.topic.empty()) continue;
    if (!ends) return ends.status();
    if (typed.verb == Verb::kReplay) {
      invocation.out << letters << ": " << pending << " letters to replay\n" << std::flush;
      if (pending == 0) continue;
      if (!typed.is_confirmed)
        return {ErrorKind::kInvalid, "nothing was replayed: say --yes to write them"};
    }
    const Status done = with_topics(options, clock, [&](TopicsPart& part) {
      if (typed.verb == Verb::kShow) return show(part, letters, typed.limit, invocation.out);
      return replay(part, topic, *ends, typed.rate, clock, invocation.log);
    });
    if (!done) return done;
  }
  return {};
}

}  // namespace

host::Command dlq_command(const TopicsOptions& options,
                          std::function<std::vector<std::string>()> topics, const Clock& clock) {
  const auto typed = std::make_shared<Typed>();
  host::Command command;
  command.name = "dlq";
  command.about = "dead letters: count, show, write back into their topics";
  command.declare = [typed](CLI::App& app) {
    app.require_subcommand(1);
    app.add_subcommand("list", "how many there are")->callback([typed] {
      typed->verb = Verb::kList;
    });
    const auto declare_topic = [&](CLI::App& sub) {
      sub.add_option("--topic", typed->topic, "of this topic only")->type_name("TOPIC");
    };
    CLI::App& showing = *app.add_subcommand("show", "one line of JSON for each");
    declare_topic(showing);
    showing.add_option("--limit", typed->limit, "at most so many");
    showing.callback([typed] { typed->verb = Verb::kShow; });
    CLI::App& replaying =
        *app.add_subcommand("replay", "write those not replayed yet into their topics again");
    declare_topic(replaying);
    replaying.add_option("--rate", typed->rate, "records a second; 0: as fast as they are taken")
        ->check(CLI::NonNegativeNumber);
    replaying.add_flag("--yes", typed->is_confirmed, "do it; without, only say what would be done");
    replaying.callback([typed] { typed->verb = Verb::kReplay; });
  };
  command.run = [typed, &options, &clock,
                 topics = std::move(topics)](host::Invocation& invocation) {
    const Status done = run(*typed, options, topics(), clock, invocation);
    if (done) return 0;
    invocation.log.error("dead letters", {{"error", done.message()}});
    return 1;
  };
  return command;
}

}  // namespace bora::parts
