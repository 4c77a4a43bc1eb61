#include "spouts/record_spout_driver.hpp"

#include <string>
#include <utility>

namespace bora {

RecordSpoutDriver::RecordSpoutDriver(RecordConnections connections, RecordSpoutOptions options)
    : connections_(std::move(connections)), options_(std::move(options)) {}

RecordSpoutDriver::~RecordSpoutDriver() = default;

Status RecordSpoutDriver::open(Context& context) {
  if (!connections_.source || !connections_.dead_letters) {
    return {ErrorKind::kInvalid, "the spout " + std::string{context.component()} +
                                     " needs a source and a sink for dead letters: set both "
                                     "members of RecordConnections"};
  }
  source_ = connections_.source(context.task());
  dead_letters_ = connections_.dead_letters(context.task());
  BORA_CHECK(source_ != nullptr && dead_letters_ != nullptr, "a connection's factory gave nothing");

  RecordPump::Setup setup;
  setup.source = source_.get();
  setup.dead_letters = dead_letters_.get();
  setup.clock = &context.clock();
  setup.stats = &stats_;
  setup.options = options_;
  setup.component = std::string{context.component()};
  setup.task = context.task();
  setup.wake = context.waker();
  setup.on_error = [context](std::string text) mutable { context.report_error(std::move(text)); };
  pump_ = std::make_unique<RecordPump>(std::move(setup));
  if (Status opened = pump_->open(); !opened) return opened;

  // Posted, not asked for by waking next_batch(): dead letters are awaited while draining, too.
  deliveries_.bind(context.poster(), [this] { pump_->take_deliveries(); });
  dead_letters_->on_delivery(deliveries_.signal());
  context.every(options_.commit_every, [this] { pump_->tick(); });
  return {};
}

void RecordSpoutDriver::close() {
  deliveries_.unbind();
  if (pump_) pump_->close();
}

}  // namespace bora
