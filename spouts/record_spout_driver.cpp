#include "spouts/record_spout_driver.hpp"

#include <string>
#include <utility>

#include "spouts/record_pump.hpp"
#include "spouts/transactional_pump.hpp"

namespace bora {

RecordSpoutDriver::RecordSpoutDriver(RecordConnections connections, RecordSpoutOptions options)
    : connections_(std::move(connections)), options_(std::move(options)) {}

RecordSpoutDriver::~RecordSpoutDriver() = default;

template <class Setup>
Setup RecordSpoutDriver::setup_of(Context& context) {
  Setup setup;
  setup.source = source_.get();
  setup.dead_letters = dead_letters_.get();
  setup.clock = &context.clock();
  setup.stats = &stats_;
  setup.options = options_;
  setup.component = std::string{context.component()};
  setup.task = context.task();
  setup.wake = context.waker();
  setup.on_error = [context](std::string text) mutable { context.report_error(std::move(text)); };
  return setup;
}

Status RecordSpoutDriver::open(Context& context, std::function<std::size_t()> in_flight) {
  if (!connections_.source || !connections_.dead_letters) {
    return {ErrorKind::kInvalid, "the spout " + std::string{context.component()} +
                                     " needs a source and a sink for dead letters: set both "
                                     "members of RecordConnections"};
  }
  if (connections_.transaction != nullptr && context.tasks() > 1) {
    return {ErrorKind::kInvalid, "the spout " + std::string{context.component()} + " has " +
                                     std::to_string(context.tasks()) +
                                     " tasks and one transaction: give it one task, and run more "
                                     "processes instead"};
  }
  source_ = connections_.source(context.task());
  dead_letters_ = connections_.dead_letters(context.task());
  BORA_CHECK(source_ != nullptr && dead_letters_ != nullptr, "a connection's factory gave nothing");

  if (connections_.transaction == nullptr) {
    pump_ = std::make_unique<RecordPump>(setup_of<RecordPump::Setup>(context));
  } else {
    auto setup = setup_of<TransactionalPump::Setup>(context);
    setup.transaction = connections_.transaction.get();
    setup.in_flight = std::move(in_flight);
    pump_ = std::make_unique<TransactionalPump>(std::move(setup));
  }
  if (Status opened = pump_->open(); !opened) return opened;

  // Posted, not asked for by waking next_batch(): dead letters are awaited while draining, too.
  deliveries_.bind(context.poster(), [this] { pump_->take_deliveries(); });
  dead_letters_->on_delivery(deliveries_.signal());
  const bool is_exact = connections_.transaction != nullptr;
  context.every(is_exact ? options_.batch_time : options_.commit_every, [this] { pump_->tick(); });
  return {};
}

void RecordSpoutDriver::close() {
  deliveries_.unbind();
  if (pump_) pump_->close();
}

}  // namespace bora
