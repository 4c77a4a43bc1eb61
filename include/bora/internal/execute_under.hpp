#pragma once

#include <exception>
#include <string>
#include <utility>

#include "bora/ack_token.hpp"
#include "bora/check.hpp"
#include "bora/failure.hpp"
#include "bora/internal/executor_context.hpp"

namespace bora::internal {

/// What an exception says about the tuple under which it was thrown.
struct Thrown {
  FailureKind kind = FailureKind::kError;
  std::string reason;
};

/// Requires: called inside a catch block.
[[nodiscard]] inline Thrown describe_current_exception() {
  try {
    throw;
  } catch (const Permanent& e) {
    return {FailureKind::kPermanent, e.what()};
  } catch (const Unavailable& e) {
    return {FailureKind::kUnavailable, e.what()};
  } catch (const std::exception& e) {
    return {FailureKind::kError, e.what()};
  } catch (...) {
    return {FailureKind::kError, "an exception that is no std::exception"};
  }
}

/// Runs `fn` as if it executed the tuple of `token`: plain emits are anchored to it. The token stays
/// the caller's duty. What `fn` throws passes through.
/// Threads: the component's own.
template <class Fn>
void execute_under(const AckToken& token, Fn&& fn) {
  ExecutorContext* const context = ExecutorContext::current();
  BORA_CHECK(context != nullptr, "execute_under() outside of a component's thread");
  context->guard_frame();  // children of the outer tuple may leave with blocks that `fn` fills
  // The token keeps its own count: every child raises, and no guard is needed.
  const FrameSwap swap(*context, token.ref() | ExecutorContext::kGuarded);
  fn();
}

}  // namespace bora::internal
