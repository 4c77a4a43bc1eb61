// What components reach of the engine: Context, Poster, AckToken, holding tuples.

#include <chrono>
#include <exception>
#include <utility>

#include "bora/ack_token.hpp"
#include "bora/bolt.hpp"
#include "bora/component.hpp"
#include "bora/internal/held_tokens.hpp"
#include "bora/output.hpp"
#include "engine/runtime/executor.hpp"
#include "engine/runtime/runtime.hpp"
#include "engine/runtime/spout_runner.hpp"
#include "engine/trace/tracer.hpp"

namespace bora {

namespace {

using internal::Executor;
using internal::ExecutorContext;
using internal::Ledger;
using internal::TaskBase;
using internal::TreeRef;

Executor& executor_of(const TaskBase& task) { return static_cast<Executor&>(*task.context); }

/// Runs a timer or a posted function as the task's own: named while it runs, its throw reported.
void run_for(TaskBase& task, const std::function<void()>& fn) {
  Executor& executor = executor_of(task);
  executor.current_task.store(task.identity.id, std::memory_order_relaxed);
  try {
    fn();
  } catch (const std::exception& e) {
    executor.runtime().report(task, std::string("a timer or posted function threw: ") + e.what());
  } catch (...) {
    executor.runtime().report(
        task, "a timer or posted function threw an exception that is no std::exception");
  }
}

/// The executor of `ledger`'s topology that runs on this thread, if any.
ExecutorContext* context_for(const std::shared_ptr<Ledger>& ledger) {
  ExecutorContext* context = ExecutorContext::current();
  return context != nullptr && &context->ledger() == ledger.get() ? context : nullptr;
}

void release(const std::shared_ptr<Ledger>& ledger, TreeRef ref) {
  if (ExecutorContext* context = context_for(ledger)) {
    context->release(ref);
  } else {
    ledger->release_foreign(ref);
  }
}

}  // namespace

bool Poster::post(std::function<void()> fn) const {
  if (!mailbox_) return false;
  return mailbox_->post([task = task_, fn = std::move(fn)] { run_for(*task, fn); });
}

std::string_view Context::component() const noexcept { return task_->identity.component; }
std::uint32_t Context::task() const noexcept { return task_->identity.index; }
std::uint32_t Context::tasks() const noexcept { return task_->identity.tasks; }
const Clock& Context::clock() const noexcept { return executor_of(*task_).runtime().clock(); }

void Context::every(std::chrono::nanoseconds period, std::function<void()> fn) {
  BORA_CHECK(period.count() > 0, "a timer's period must be positive");
  executor_of(*task_).set_timer(period, period,
                                [task = task_, fn = std::move(fn)] { run_for(*task, fn); });
}

void Context::after(std::chrono::nanoseconds delay, std::function<void()> fn) {
  executor_of(*task_).set_timer(delay, {},
                                [task = task_, fn = std::move(fn)] { run_for(*task, fn); });
}

Poster Context::poster() const { return Poster{executor_of(*task_).mailbox(), *task_}; }

std::function<void()> Context::waker() const {
  for (const auto& spout : executor_of(*task_).spouts()) {
    if (&spout->task() != task_) continue;
    return [mailbox = executor_of(*task_).mailbox(), ready = spout->ready_flag()] {
      ready->store(true, std::memory_order_seq_cst);
      mailbox->parker.wake();
    };
  }
  return [] {};  // a bolt has nothing to wake: it posts
}

void Context::report_error(std::string text) {
  executor_of(*task_).runtime().report(*task_, std::move(text));
}

std::optional<TraceContext> Context::trace() const { return executor_of(*task_).trace_of(*task_); }

void SpoutBase::trace_next(const TraceContext& from) {
  if (roots_->traces != nullptr) roots_->traces->adopt(from);
}

AckToken BoltBase::hold() {
  Executor& executor = executor_of(*task_);
  const TreeRef ref = executor.anchor();
  if (ref == internal::kUntracked) return {};
  // A count of its own: the token may be acked before this execute() returns, on another thread even.
  executor.raise(ref);
  executor.ledger().set_holder(ref, task_->identity.id, 0);
  return AckToken{executor.shared_ledger(), ref, task_->identity.id};
}

AckToken BoltBase::take() {
  Executor& executor = executor_of(*task_);
  const TreeRef ref = internal::take_executing(executor, task_->identity.id);
  if (ref == internal::kUntracked) return {};
  return AckToken{executor.shared_ledger(), ref, task_->identity.id};
}

AckToken& AckToken::operator=(AckToken&& other) noexcept {
  if (this != &other) {
    if (ref_ != internal::kUntracked) drop();
    ledger_ = std::move(other.ledger_);
    ref_ = std::exchange(other.ref_, internal::kUntracked);
    holder_ = other.holder_;
  }
  return *this;
}

void AckToken::ack() && {
  if (ref_ == internal::kUntracked) return;
  release(ledger_, std::exchange(ref_, internal::kUntracked));
  ledger_.reset();
}

void AckToken::fail(FailureKind kind, std::string reason) && {
  if (ref_ == internal::kUntracked) return;
  const TreeRef ref = std::exchange(ref_, internal::kUntracked);
  if (ExecutorContext* context = context_for(ledger_)) {
    context->fail(ref, kind, std::move(reason));
    context->release(ref);
  } else {
    ledger_->fail_foreign(ref, kind, std::move(reason), holder_);
  }
  ledger_.reset();
}

void AckToken::drop() noexcept {
  std::move(*this).fail(FailureKind::kDropped, "its AckToken was destroyed without ack or fail");
}

AckToken AckToken::join(std::vector<AckToken> tokens) {
  std::shared_ptr<Ledger> ledger;
  std::vector<TreeRef> parts;
  std::uint32_t holder = 0;
  for (AckToken& token : tokens) {
    if (token.ref_ == internal::kUntracked) continue;
    BORA_CHECK(!ledger || ledger == token.ledger_, "joined tokens belong to one topology");
    ledger = std::move(token.ledger_);
    holder = token.holder_;
    parts.push_back(std::exchange(token.ref_, internal::kUntracked));
  }
  if (parts.empty()) return {};
  if (parts.size() == 1) return AckToken{std::move(ledger), parts[0], holder};
  const TreeRef joint = ledger->make_joint(std::move(parts));
  return AckToken{std::move(ledger), joint, holder};
}

namespace internal {

AckToken join_raised(std::span<const AckToken* const> tokens) {
  std::shared_ptr<Ledger> ledger;
  std::vector<TreeRef> parts;
  for (const AckToken* token : tokens) {
    if (!token->is_tracking()) continue;
    ledger = token->ledger();
    ExecutorContext* context = context_for(ledger);
    BORA_CHECK(context != nullptr, "emits happen on a component's own thread");
    context->raise(token->ref());
    parts.push_back(token->ref());
  }
  if (parts.empty()) return {};
  const TreeRef joint = parts.size() == 1 ? parts[0] : ledger->make_joint(std::move(parts));
  return AckToken{std::move(ledger), joint, 0};
}

}  // namespace internal
}  // namespace bora
