#include "services/gateway/input_traces.hpp"

#include <cstdint>
#include <random>
#include <utility>

namespace bora::gateway {

namespace {

std::uint64_t seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

InputTraces::InputTraces(const Clock& clock) : clock_(clock), random_(seed()) {}

void InputTraces::attach(SpanSink* spans, double share) {
  spans_ = spans;
  share_ = share;
}

InputTraces::Accepted InputTraces::begin(const std::optional<TraceContext>& given) {
  if (spans_ == nullptr) return {.at = given};
  Accepted accepted{.began = clock_.now(), .from = clock_.wall_now().time_since_epoch()};
  const std::lock_guard lock(mutex_);
  if (!given && random_.unit() >= share_) return accepted;
  // Zero is no id.
  accepted.at = {given ? given->trace : TraceId{random_.next(), random_.next() | 1},
                 SpanId{random_.next() | 1}};
  if (given) accepted.parent = given->span;
  return accepted;
}

void InputTraces::end(const Accepted& accepted, const Status& stored) {
  if (spans_ == nullptr || !accepted.at) return;
  Span span;
  span.at = *accepted.at;
  span.parent = accepted.parent;
  span.topology = "gateway";
  span.component = "input";
  span.from = accepted.from;
  span.took = clock_.now() - accepted.began;
  if (!stored) span.failure = stored.message();
  spans_->take(std::move(span));
}

}  // namespace bora::gateway
