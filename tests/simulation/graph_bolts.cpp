#include "tests/simulation/graph_bolts.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace bora::simulation {

using namespace std::chrono_literals;

namespace {

/// The outcome of a write that may fail before or after it did its work.
template <class Work>
Status write_to_fickle_store(testing::World& world, Work&& work) {
  if (world.dice().one_in(4)) world.pass(world.dice().below(3'000) * 1us);
  if (world.fails(20, "the store is away")) return {ErrorKind::kUnavailable, "the store is away"};
  if (world.fails(40, "the store refuses a batch"))
    return {ErrorKind::kInternal, "the store refused"};
  work();
  if (world.fails(40, "the store's answer is lost"))
    return {ErrorKind::kUnavailable, "no answer of the store"};
  if (world.fails(40, "the store's client throws")) throw std::runtime_error("the client threw");
  return {};
}

}  // namespace

// --- Numbers ---

Status Numbers::open(Context& context) {
  own_context_ = std::make_unique<Context>(context);
  wake_ = context.waker();
  coming_ = std::make_shared<std::deque<std::uint32_t>>();
  ready_ = std::make_shared<std::deque<std::uint32_t>>();
  for (std::uint32_t m = context.task(); m < ledger_.messages(); m += context.tasks())
    if (!ledger_.is_done(m)) coming_->push_back(m);
  arrive();
  return {};
}

/// A thread of the outside brings a few messages, and comes again.
void Numbers::arrive() {
  if (coming_->empty()) return;
  ledger_.world().later(
      2ms, [&world = ledger_.world(), coming = coming_, ready = ready_, wake = wake_, this] {
        for (std::uint64_t n = world.dice().below(16); n > 0 && !coming->empty(); --n) {
          ready->push_back(coming->front());
          coming->pop_front();
        }
        wake();
        arrive();
      });
}

Next Numbers::next_batch(std::size_t max) {
  testing::World& world = ledger_.world();
  if (world.fails(100, "next_batch() throws")) throw std::runtime_error("no batch this time");
  const Instant now = own_context_->clock().now();
  for (; max > 0 && !ready_->empty(); --max) {
    const Origin origin = ledger_.emit(ready_->front());
    ready_->pop_front();
    const std::uint32_t bytes = 1 + origin.message % 200;
    emit({origin, 0, world.clock().wall_now(), std::string(bytes, 'x'), Moment{world}},
         {.offset = origin.message, .partition = origin.attempt}, bytes);
    if (world.dice().one_in(20)) break;  // fewer than there is room for
  }
  if (world.dice().one_in(16))
    emit_untracked(
        {{GraphLedger::kNoMessage, 0}, 0, world.clock().wall_now(), "untracked", Moment{world}});
  if (!ready_->empty()) return world.dice().one_in(8) ? Next::idle_until(now + 1ms) : Next::more();
  return Next::idle();
}

void Numbers::acked(std::span<const MessageId> ids) {
  for (const MessageId& id : ids)
    ledger_.acked({static_cast<std::uint32_t>(id.offset), id.partition});
}

void Numbers::failed(const Failure& failure) {
  const auto message = static_cast<std::uint32_t>(failure.id.offset);
  ledger_.failed({message, failure.id.partition}, failure.kind);
  if (failure.kind == FailureKind::kAbandoned) return;
  own_context_->after(ledger_.world().dice().below(2'000) * 1us, [this, message] {
    ready_->push_back(message);
    wake_();
  });
}

// --- the way of an item ---

void Stamp::execute(Item& in) {
  ledger_.world().may_throw(kOnceIn, "Stamp throws first");
  in.part = 1;
  if (ledger_.world().dice().one_in(30)) return out.emit(std::as_const(in));  // not in place
  out.emit(std::move(in));
  ledger_.world().may_throw(kOnceIn, "Stamp throws last");
}

void Split::execute(const Item& in) {
  testing::World& world = ledger_.world();
  const std::uint32_t message = in.origin.message;
  world.may_throw(kOnceIn, "Split throws first");
  for (std::uint32_t part = 0; part < GraphLedger::parts_of(message); ++part) {
    parts.emit({in.origin, part, in.time, in.text, in.moment});
    world.may_throw(kOnceIn * 2, "Split throws between two parts");
  }
  whole.emit({in.origin, static_cast<std::uint32_t>(Effect::kExtra), in.time, in.text, in.moment});
  picks.emit_direct(message % kPickers, in);
  gossip.emit_unanchored(in);
  world.may_throw(kOnceIn, "Split throws last");
}

void Mark::execute(const Item& in) {
  testing::World& world = ledger_.world();
  world.may_throw(kOnceIn, "Mark throws first");
  if (world.dice().one_in(2)) {
    again.emit({in.origin, in.part + 3, in.time, in.text, in.moment});
    out.emit(in);
  } else {
    out.emit(Item(in));
    world.may_throw(kOnceIn, "Mark throws between its emits");
    again.emit({in.origin, in.part + 3, in.time, in.text, in.moment});
  }
}

Status Seal::open(Context& context) {
  context.every(3ms, [this] { release(); });
  return {};
}

void Seal::execute(Item& in) {
  testing::World& world = ledger_.world();
  world.may_throw(kOnceIn, "Seal throws first");
  if (world.dice().one_in(5)) {  // in the middle of another bolt's execute(), mostly
    AckToken token = world.dice().one_in(2) ? hold() : take();
    kept_.emplace_back(in, std::move(token));
    return world.may_throw(kOnceIn / 5, "Seal throws while it keeps a tuple");
  }
  out.emit(std::move(in));
}

void Seal::release() {
  for (auto& [item, token] : std::exchange(kept_, {})) {
    out.emit(std::move(item), token);
    std::move(token).ack();
  }
}

// --- notes ---

Status Note::open(Context& context) {
  task_ = context.task();
  return {};
}

void Note::execute(const Item& in) {
  testing::World& world = ledger_.world();
  world.may_throw(kOnceIn, "Note throws first");
  if (world.dice().one_in(200)) world.pass(world.dice().below(5'000) * 1us);
  switch (what_) {
    case What::kPart: ledger_.effect(in.origin, static_cast<Effect>(in.part)); break;
    case What::kAudit:
      ledger_.effect(in.origin, task_ == 0 ? Effect::kAudit0 : Effect::kAudit1);
      break;
    case What::kPicked:
      world.expect(in.origin.message == GraphLedger::kNoMessage ||
                       task_ == in.origin.message % Split::kPickers,
                   "direct grouping reached another task");
      ledger_.effect(in.origin, Effect::kPicked);
      break;
    case What::kEvent: ledger_.effect(in.origin, Effect::kEvent); break;
    case What::kNothing: break;
  }
  world.may_throw(kOnceIn, "Note throws last");
}

void NoteEither::execute(const std::variant<Item, Joined>& in) {
  ledger_.world().may_throw(kOnceIn, "NoteEither throws first");
  if (const Item* item = std::get_if<Item>(&in))
    return ledger_.effect(item->origin, Effect::kNotedItem);
  for (const Origin& origin : std::get<Joined>(in).origins)
    ledger_.effect(origin, Effect::kNotedPair);
}

// --- joins ---

Status Pair::open(Context& context) {
  context.every(5ms, [this] { release(); });
  return {};
}

void Pair::execute(const Item& in) {
  held_.emplace_back(in.origin, hold());
  ledger_.world().may_throw(kOnceIn, "Pair throws while it holds");
  if (held_.size() >= 2) release();
  ledger_.world().may_throw(kOnceIn, "Pair throws last");
}

void Pair::release() {
  if (held_.empty()) return;
  Joined joined{{}, Moment{ledger_.world()}};
  std::vector<const AckToken*> tokens;
  for (const auto& [origin, token] : held_) {
    joined.origins.push_back(origin);
    tokens.push_back(&token);
  }
  out.emit(std::move(joined), tokens);
  for (auto& [origin, token] : std::exchange(held_, {})) {
    ledger_.effect(origin, Effect::kPair);
    std::move(token).ack();
  }
}

Status Quad::open(Context& context) {
  context.every(5ms, [this] { release(); });
  return {};
}

void Quad::execute(const Joined& in) {
  ledger_.world().may_throw(kOnceIn, "Quad throws first");
  joined_.origins.insert(joined_.origins.end(), in.origins.begin(), in.origins.end());
  tokens_.push_back(ledger_.world().dice().one_in(2) ? hold() : take());
  if (tokens_.size() >= 2) release();
}

void Quad::release() {
  if (tokens_.empty()) return;
  AckToken all = AckToken::join(std::exchange(tokens_, {}));
  out.emit(std::exchange(joined_, {{}, Moment{ledger_.world()}}), all);
  if (ledger_.world().fails(60, "Quad fails four at once"))
    return std::move(all).fail(FailureKind::kError, "not these four");
  std::move(all).ack();
}

// --- Hold ---

Status Hold::open(Context& context) {
  context_ = std::make_unique<Context>(context);
  return {};
}

void Hold::execute(const Item& in) {
  testing::World& world = ledger_.world();
  auto token = std::make_shared<AckToken>(hold());
  world.may_throw(kOnceIn, "Hold throws while it holds");
  if (world.fails(kOnceIn, "Hold forgets a token")) return;
  const auto finish = [this, token, origin = in.origin] {
    ledger_.effect(origin, Effect::kHeld);
    std::move(*token).ack();
  };
  switch (world.dice().below(4)) {
    case 0: return context_->after(world.dice().below(4'000) * 1us, finish);
    case 1:
      return world.later(4ms, [poster = context_->poster(), finish] { (void)poster.post(finish); });
    case 2: return world.later(4ms, finish);
    default:
      return world.later(4ms, [this, token, finish] {
        if (ledger_.world().fails(30, "another thread fails a token"))
          return std::move(*token).fail(FailureKind::kError, "the pool could not");
        finish();
      });
  }
}

// --- sinks and windows ---

Status JoinedSink::write(std::span<const Joined> batch) {
  return write_to_fickle_store(ledger_.world(), [&] {
    for (const Joined& joined : batch)
      for (const Origin& origin : joined.origins)
        ledger_.effect(origin, effect_);
  });
}

Status ItemSink::write(std::span<const Item> batch) {
  return write_to_fickle_store(ledger_.world(), [&] {
    for (const Item& item : batch)
      ledger_.effect(item.origin, Effect::kBatch);
  });
}

void Windows::on_window(const Window<Item, std::uint32_t>& window) {
  ledger_.world().may_throw(40, "on_window() throws first");
  Joined joined{{}, Moment{ledger_.world()}};
  for (const Item& item : window)
    joined.origins.push_back(item.origin);
  out.emit(std::move(joined));
  ledger_.world().may_throw(40, "on_window() throws last");
}

void EventWindows::on_window(const Window<Item>& window) {
  for (const Item& item : window)
    ledger_.effect(item.origin, Effect::kEvent);
  ledger_.world().may_throw(40, "on_window() throws");
}

void Folds::fold(Origins& origins, const Item& in) {
  ledger_.world().may_throw(kOnceIn, "fold() throws");
  origins.push_back(in.origin);
}

void Folds::on_window(const FoldedWindow<Origins, std::uint32_t>& window) {
  ledger_.world().may_throw(40, "on_window() throws first");
  out.emit(Joined{window.value(), Moment{ledger_.world()}});
  ledger_.world().may_throw(40, "on_window() throws last");
}

void EventFolds::fold(Origins& origins, const Item& in) {
  ledger_.world().may_throw(kOnceIn, "fold() throws");
  origins.push_back(in.origin);
}

void EventFolds::on_window(const FoldedWindow<Origins>& window) {
  for (const Origin& origin : window.value())
    ledger_.effect(origin, Effect::kEvent);
  ledger_.world().may_throw(40, "on_window() throws");
}

}  // namespace bora::simulation
