#include "spouts/shell_spout_driver.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "connectors/multilang/codec.hpp"
#include "connectors/multilang/direct.hpp"
#include "connectors/multilang/targets.hpp"

namespace bora {

using multilang::ChildDied;
using multilang::ChildEvent;
using multilang::ChildMessage;
using multilang::ChildStarted;

namespace {

/// What a tuple weighs in memory, for the cap on bytes in flight.
std::size_t weight_of(const multilang::Values& values) {
  std::size_t bytes = values.size() * sizeof(multilang::Value);
  for (const multilang::Value& value : values) {
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
    if (const auto* json = std::get_if<multilang::Json>(&value)) bytes += json->text.size();
  }
  return bytes;
}

}  // namespace

ShellSpoutDriver::ShellSpoutDriver(ShellSpoutOptions options)
    : options_(std::move(options)), metrics_(options_.metrics) {}

Status ShellSpoutDriver::open(Context& context) {
  context_ = &context;
  waker_ = context.waker();
  std::vector<multilang::StreamInfo> outputs;
  for (const Stream& stream : streams_)
    outputs.push_back({.component = {}, .stream = stream.name, .fields = stream.fields});
  targets_.emplace(context);
  auto consumers = multilang::consumers_of(*targets_, options_);
  if (!consumers) return consumers.status();
  consumers_ = std::move(consumers).value();
  auto made = multilang::introduce(options_, {context.component(), context.task(), context.tasks()},
                                   {}, outputs, consumers_);
  roster_ = std::move(made.roster);
  child_ = std::make_unique<multilang::Child>(multilang::Role::kSpout, options_.child,
                                              std::move(made.handshake), context.clock());
  // By a posted function, too, as next_batch() is not called while it drains or is full.
  wake_.bind(context.poster(), [this] {
    take_events();
    waker_();
  });
  if (Status started = child_->start(wake_.signal()); !started) {
    return {started.error().kind, "the spout " + std::string{context.component()} +
                                      " cannot begin: " + std::string(started.message())};
  }
  return {};
}

void ShellSpoutDriver::close() {
  wake_.unbind();
  if (child_) child_->stop();
  child_.reset();
}

Next ShellSpoutDriver::next_batch(std::size_t max) {
  take_events();
  for (; max > 0; --max) {
    if (waiting_.empty()) take_events();  // what was left while there was no room for it
    if (waiting_.empty()) break;
    const Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    emit(waiting);
  }
  if (max == 0) return Next::more();
  if (!is_up_ || is_next_asked_) return Next::idle();
  if (context_->clock().now() < next_at_) return Next::idle_until(next_at_);
  is_next_asked_ = true;
  has_next_brought_ = false;
  tell(Command::kNext, multilang::command_message("next"));
  return Next::idle();
}

void ShellSpoutDriver::emit(const Waiting& waiting) {
  const bool is_tracked = !std::holds_alternative<std::monostate>(waiting.emit.id);
  const MessageId id{.offset = next_offset_};
  if (is_tracked) in_flight_.emplace(next_offset_++, Known{waiting.emit.id, waiting.run});
  if (waiting.emit.wants_ids()) targets_->begin();
  const Status emitted = emit_on_stream(waiting, is_tracked ? &id : nullptr);
  if (waiting.emit.wants_ids()) answer(waiting, multilang::reached_ids(*targets_, roster_));
  if (!emitted) {
    report(std::string(emitted.message()));
    if (is_tracked) tell_verdict("fail", id);
    return;
  }
  stats_.emitted.add();
}

Status ShellSpoutDriver::emit_on_stream(const Waiting& waiting, const MessageId* id) {
  const auto stream = std::find_if(streams_.begin(), streams_.end(),
                                   [&](const Stream& s) { return s.name == waiting.emit.stream; });
  if (stream == streams_.end()) {
    return {ErrorKind::kInvalid, "the child emits on the stream '" +
                                     multilang::excerpt(waiting.emit.stream) +
                                     "', which its spout does not declare"};
  }
  Result<multilang::Roster::Task> target = multilang::Roster::Task{};
  std::optional<multilang::DirectScope> scope;
  if (waiting.emit.task) {
    target = multilang::direct_target(waiting.emit, roster_, consumers_);
    if (!target) return target.status();
    scope.emplace(*target);
  }
  Status emitted;
  try {
    emitted = stream->emit(waiting.emit.tuple, id, weight_of(waiting.emit.tuple));
  } catch (const std::exception& e) {
    return {ErrorKind::kInternal,
            "an emit of the child on the stream '" + stream->name + "' threw: " + e.what()};
  }
  if (emitted) return emitted;
  return {ErrorKind::kInvalid, "the child emits what is no tuple of the stream '" + stream->name +
                                   "': " + std::string(emitted.message())};
}

void ShellSpoutDriver::acked(std::span<const MessageId> ids) {
  for (const MessageId& id : ids)
    tell_verdict("ack", id);
  stats_.acked.add(ids.size());
}

void ShellSpoutDriver::failed(const Failure& failure) {
  tell_verdict("fail", failure.id);
  stats_.failed.add();
}

void ShellSpoutDriver::tell_verdict(const char* verdict, const MessageId& id) {
  const auto known = in_flight_.find(id.offset);
  if (known == in_flight_.end()) return;
  // Another child would not know what is meant: it begins anew, as this one did.
  if (is_up_ && known->second.run == run_)
    tell(Command::kOther, multilang::command_message(verdict, known->second.id));
  in_flight_.erase(known);
}

void ShellSpoutDriver::tell(Command command, std::string message) {
  commands_.push_back(command);
  child_->send(run_, std::move(message));
}

void ShellSpoutDriver::activate() {
  is_active_ = true;
  if (is_up_) tell(Command::kOther, multilang::command_message("activate"));
}

void ShellSpoutDriver::deactivate() {
  is_active_ = false;
  if (is_up_) tell(Command::kOther, multilang::command_message("deactivate"));
}

void ShellSpoutDriver::drain() {
  is_draining_ = true;
  drop_waiting();
  take_events();
}

void ShellSpoutDriver::take_events() {
  if (!child_ || waiting_.size() >= options_.max_waiting) return;
  events_.clear();
  child_->poll(events_);
  for (ChildEvent& event : events_)
    std::visit([&](auto& what) { on(what, event.run); }, event.what);
}

void ShellSpoutDriver::on(const ChildStarted&, std::uint64_t run) {
  run_ = run;
  is_up_ = true;
  stats_.up.set(1);
  next_at_ = {};
  if (!is_active_) deactivate();
}

void ShellSpoutDriver::on(const ChildDied& died, std::uint64_t) {
  is_up_ = false;
  is_next_asked_ = false;
  commands_.clear();
  stats_.deaths.add();
  stats_.up.set(0);
  report(died.reason);
}

void ShellSpoutDriver::on(ChildMessage& message, std::uint64_t run) {
  if (auto* emit = std::get_if<multilang::Emit>(&message)) return on_emit(*emit, run);
  if (std::holds_alternative<multilang::Sync>(message)) return on_sync();
  if (auto* error = std::get_if<multilang::ErrorReport>(&message))
    return report(std::move(error->text));
  if (const auto* update = std::get_if<multilang::MetricUpdate>(&message)) {
    if (Status updated = metrics_.update(*update); !updated) report(std::string(updated.message()));
    return;
  }
  report("the child of a spout acks or fails a tuple: only bolts do");
}

void ShellSpoutDriver::on_emit(multilang::Emit& emit, std::uint64_t run) {
  has_next_brought_ = true;
  waiting_.push_back({std::move(emit), run});
  if (is_draining_) drop_waiting();
}

/// What was not emitted is the child's: nobody told it that this was done. It went to no task.
void ShellSpoutDriver::drop_waiting() {
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    if (waiting.emit.wants_ids()) answer(waiting, {});
}

/// When its tuple has gone, so in the order of the emits.
void ShellSpoutDriver::answer(const Waiting& waiting, std::span<const std::int64_t> tasks) {
  child_->answer(waiting.run, multilang::task_ids_message(tasks));
}

void ShellSpoutDriver::on_sync() {
  if (commands_.empty()) return;
  const Command answered = commands_.front();
  commands_.pop_front();
  if (answered != Command::kNext) return;
  is_next_asked_ = false;
  pause_ = has_next_brought_ ? std::chrono::milliseconds{0}
                             : std::min(std::max(pause_ * 2, options_.pause), options_.max_pause);
  next_at_ = context_->clock().now() + pause_;
}

void ShellSpoutDriver::report(std::string text) {
  stats_.errors.add();
  context_->report_error(std::move(text));
}

std::vector<Gauge> ShellSpoutDriver::gauges() const {
  std::vector<Gauge> all{stats_.emitted.as_counter("child_emitted_tuples"),
                         stats_.acked.as_counter("child_acked_tuples"),
                         stats_.failed.as_counter("child_failed_tuples"),
                         stats_.errors.as_counter("child_errors"),
                         stats_.deaths.as_counter("child_deaths"),
                         stats_.up.as_level("child_up")};
  metrics_.append_to(all);
  return all;
}

}  // namespace bora
