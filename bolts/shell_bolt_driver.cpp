#include "bolts/shell_bolt_driver.hpp"

#include <charconv>
#include <exception>
#include <utility>

#include "bora/check.hpp"
#include "connectors/multilang/codec.hpp"
#include "connectors/multilang/direct.hpp"
#include "connectors/multilang/targets.hpp"

namespace bora {

using multilang::ChildDied;
using multilang::ChildEvent;
using multilang::ChildMessage;
using multilang::ChildStarted;

namespace {

constexpr std::string_view kTick = "tick-";

}  // namespace

ShellBoltDriver::ShellBoltDriver(ShellBoltOptions options)
    : options_(std::move(options)), metrics_(options_.metrics) {}

Status ShellBoltDriver::open(Context& context) {
  context_ = &context;
  std::vector<multilang::StreamInfo> outputs;
  for (const Stream& stream : streams_)
    outputs.push_back({.component = {}, .stream = stream.name, .fields = stream.fields});
  targets_.emplace(context);
  auto consumers = multilang::consumers_of(*targets_, options_);
  if (!consumers) return consumers.status();
  consumers_ = std::move(consumers).value();
  auto made = multilang::introduce(options_, {context.component(), context.task(), context.tasks()},
                                   {options_.input}, outputs, consumers_);
  roster_ = std::move(made.roster);
  input_task_ = roster_.id_of(options_.input.component, 0);
  child_ = std::make_unique<multilang::Child>(multilang::Role::kBolt, options_.child,
                                              std::move(made.handshake), context.clock());
  wake_.bind(context.poster(), [this] { take_events(); });
  if (Status started = child_->start(wake_.signal()); !started) {
    return {started.error().kind, "the bolt " + std::string{context.component()} +
                                      " cannot begin: " + std::string(started.message())};
  }
  if (options_.tick.count() > 0) context.every(options_.tick, [this] { send_tick(); });
  take_events();
  return {};
}

void ShellBoltDriver::close() {
  wake_.unbind();
  if (child_) child_->stop();
  for (auto& [id, pending] : pending_)
    fail_pending(pending, FailureKind::kAbandoned, "the child was stopped with this tuple in hand");
  pending_.clear();
  child_.reset();
}

void ShellBoltDriver::wait_for_room() {
  while (true) {
    if (!is_up_) take_events();
    if (!is_up_) throw Unavailable("the child is being started again: " + down_reason_);
    if (pending_.size() < options_.max_pending) return;
    const std::uint64_t settled = settled_;
    take_events();
    if (settled != settled_) continue;
    if (is_standing_)
      throw Unavailable("the child has as many tuples as it may and is done with none");
    stats_.waits.add();
    is_standing_ = true;  // unless something is settled, or it dies
    const Instant until = context_->clock().now() + options_.max_wait;
    while (is_standing_ && is_up_ && child_->wait(options_.max_wait)) {
      take_events();
      if (context_->clock().now() >= until) break;
    }
  }
}

void ShellBoltDriver::send(const multilang::Values& values, AckToken token) {
  const std::uint64_t id = next_id_++;
  auto message = multilang::tuple_message({.id = std::to_string(id),
                                           .component = options_.input.component,
                                           .stream = options_.input.stream,
                                           .task = input_task_},
                                          values);
  if (!message) {
    std::move(token).fail(FailureKind::kPermanent, message.error().message);
    return;
  }
  pending_.emplace(id, Pending{std::move(token)});
  stats_.pending.set(pending_.size());
  child_->send(run_, std::move(message).value());
}

void ShellBoltDriver::send_tick() {
  if (!is_up_) return;
  const auto seconds = std::chrono::duration<double>(options_.tick).count();
  auto message = multilang::tuple_message({.id = std::string(kTick) + std::to_string(++ticks_),
                                           .component = "__system",
                                           .stream = "__tick",
                                           .task = -1},
                                          {seconds});
  BORA_CHECK(message.is_ok(), "a tick cannot be written");
  child_->send(run_, std::move(message).value());
}

void ShellBoltDriver::take_events() {
  if (!child_) return;
  events_.clear();
  child_->poll(events_);
  for (ChildEvent& event : events_)
    take(event);
  stats_.pending.set(pending_.size());
}

void ShellBoltDriver::take(ChildEvent& event) {
  std::visit([&](auto& what) { on(what, event.run); }, event.what);
}

void ShellBoltDriver::on(const ChildStarted&, std::uint64_t run) {
  run_ = run;
  is_up_ = true;
  last_settled_failed_ = false;
  last_error_.clear();
  stats_.up.set(1);
}

/// The oldest tuple in hand is the one that a child which does one after the other was at: it fails, and
/// that counts. The others were only near: they are tried again for as long as it takes. A child that
/// failed a tuple and then ended, has said itself which one it was.
void ShellBoltDriver::on(const ChildDied& died, std::uint64_t) {
  is_up_ = false;
  is_standing_ = false;
  down_reason_ = died.reason;
  stats_.deaths.add();
  stats_.up.set(0);
  report(died.reason);
  bool is_named = last_settled_failed_;
  for (auto& [id, pending] : std::exchange(pending_, {})) {
    if (pending.is_failed) continue;
    fail_pending(pending, is_named ? FailureKind::kUnavailable : FailureKind::kError,
                 (is_named ? "the child that had it died: " : "the child died while it had it: ") +
                     died.reason);
    is_named = true;
  }
}

void ShellBoltDriver::on(ChildMessage& message, std::uint64_t run) {
  if (const auto* emit = std::get_if<multilang::Emit>(&message)) return on_emit(*emit, run);
  if (const auto* ack = std::get_if<multilang::Ack>(&message)) return on_ack(*ack);
  if (const auto* fail = std::get_if<multilang::Fail>(&message)) return on_fail(*fail);
  if (auto* error = std::get_if<multilang::ErrorReport>(&message)) {
    last_error_ = error->text;
    return report(std::move(error->text));
  }
  if (const auto* update = std::get_if<multilang::MetricUpdate>(&message))
    if (Status updated = metrics_.update(*update); !updated) report(std::string(updated.message()));
}

ShellBoltDriver::PendingById::iterator ShellBoltDriver::find(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc{} || end != id.data() + id.size()) return pending_.end();
  return pending_.find(number);
}

void ShellBoltDriver::on_emit(const multilang::Emit& emit, std::uint64_t run) {
  std::vector<const AckToken*> anchors;
  std::vector<Pending*> anchored;
  for (const std::string& id : emit.anchors) {
    const auto at = find(id);
    if (at != pending_.end()) {
      anchored.push_back(&at->second);
      if (!at->second.is_failed) anchors.push_back(&at->second.token);
    } else if (id.substr(0, kTick.size()) != kTick) {
      report("the child anchors a tuple to " + multilang::excerpt(id) + ", which it does not have");
    }
  }
  if (emit.wants_ids()) targets_->begin();
  std::optional<std::string> fault;
  const Stream* stream = nullptr;
  for (const Stream& declared : streams_)
    if (declared.name == emit.stream) stream = &declared;
  if (stream == nullptr) {
    fault = "the child emits on the stream '" + multilang::excerpt(emit.stream) +
            "', which its bolt does not declare";
  } else {
    try {
      emit_to(*stream, emit, anchors);
    } catch (const std::exception& e) {
      fault = e.what();
    }
  }
  if (emit.wants_ids())
    child_->answer(run, multilang::task_ids_message(multilang::reached_ids(*targets_, roster_)));
  if (!fault) return stats_.emitted.add();
  report(*fault);
  for (Pending* pending : anchored)
    if (!pending->is_failed) fail_pending(*pending, FailureKind::kPermanent, *fault);
}

void ShellBoltDriver::emit_to(const Stream& stream, const multilang::Emit& emit, Anchors anchors) {
  Result<multilang::Roster::Task> target = multilang::Roster::Task{};
  std::optional<multilang::DirectScope> scope;
  if (emit.task) {
    target = multilang::direct_target(emit, roster_, consumers_);
    if (!target) throw Permanent(std::string(target.status().message()));
    scope.emplace(*target);
  }
  if (Status emitted = stream.emit(emit.tuple, anchors); !emitted)
    throw Permanent("the child emits what is no tuple of the stream '" + stream.name +
                    "': " + std::string(emitted.message()));
}

void ShellBoltDriver::on_ack(const multilang::Ack& ack) {
  const auto at = find(ack.id);
  if (at == pending_.end()) {
    if (ack.id.substr(0, kTick.size()) != kTick)
      report("the child acks " + multilang::excerpt(ack.id) + ", which it does not have");
    return;
  }
  if (!at->second.is_failed) {
    std::move(at->second.token).ack();
    stats_.acked.add();
  }
  pending_.erase(at);
  ++settled_;
  is_standing_ = false;
  last_settled_failed_ = false;
  last_error_.clear();
}

void ShellBoltDriver::on_fail(const multilang::Fail& fail) {
  const auto at = find(fail.id);
  if (at == pending_.end()) {
    if (fail.id.substr(0, kTick.size()) != kTick)
      report("the child fails " + multilang::excerpt(fail.id) + ", which it does not have");
    return;
  }
  if (!at->second.is_failed) {
    fail_pending(
        at->second, FailureKind::kError,
        last_error_.empty() ? "the child failed it" : "the child failed it: " + last_error_);
  }
  pending_.erase(at);
  ++settled_;
  is_standing_ = false;
  last_settled_failed_ = true;
  last_error_.clear();
}

void ShellBoltDriver::fail_pending(Pending& pending, FailureKind kind, const std::string& reason) {
  std::move(pending.token).fail(kind, reason);
  pending.is_failed = true;
  stats_.failed.add();
}

void ShellBoltDriver::report(std::string text) {
  stats_.errors.add();
  context_->report_error(std::move(text));
}

std::vector<Gauge> ShellBoltDriver::gauges() const {
  std::vector<Gauge> all{stats_.acked.as_counter("child_acked_tuples"),
                         stats_.failed.as_counter("child_failed_tuples"),
                         stats_.emitted.as_counter("child_emitted_tuples"),
                         stats_.errors.as_counter("child_errors"),
                         stats_.deaths.as_counter("child_deaths"),
                         stats_.waits.as_counter("waits_for_child"),
                         stats_.pending.as_level("child_pending_tuples"),
                         stats_.up.as_level("child_up")};
  metrics_.append_to(all);
  return all;
}

}  // namespace bora
