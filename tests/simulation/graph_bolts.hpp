#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bora/batch_sink.hpp"
#include "bora/bolt.hpp"
#include "bora/spout.hpp"
#include "bora/window.hpp"
#include "tests/simulation/graph_ledger.hpp"

// The components of the synthetic graph. Each throws now and then where its work is half done.

namespace bora::simulation {

/// A member whose copying takes a moment, in which other threads run.
class Moment {
 public:
  explicit Moment(testing::World& world) noexcept : world_(&world) {}
  Moment(const Moment& other) noexcept : world_(other.world_) { world_->pass({}); }
  Moment& operator=(const Moment&) noexcept {
    world_->pass({});
    return *this;
  }

 private:
  testing::World* world_;
};

struct Item {
  Origin origin;
  std::uint32_t part = 0;
  WallTime time{};
  std::string text;  // so that a tuple lost or destroyed twice shows under AddressSanitizer
  Moment moment;
};
struct Joined {
  std::vector<Origin> origins;
  Moment moment;
};

constexpr std::uint32_t kOnceIn = 150;  // a bolt's own throws, per tuple

/// Emits every message until it is acked; messages become available one by one.
class Numbers final : public Spout<Item> {
 public:
  explicit Numbers(GraphLedger& ledger) : ledger_(ledger) {}
  Status open(Context& context) override;
  Next next_batch(std::size_t max) override;
  void acked(std::span<const MessageId> ids) override;
  void failed(const Failure& failure) override;

 private:
  void arrive();

  GraphLedger& ledger_;
  Context* context_ = nullptr;
  std::unique_ptr<Context> own_context_;
  std::function<void()> wake_;
  std::shared_ptr<std::deque<std::uint32_t>> coming_;  // with the thread that brings them
  std::shared_ptr<std::deque<std::uint32_t>> ready_;   // likewise
};

/// Passes its tuple on where it lies, mostly.
class Stamp final : public InPlaceBolt<Item> {
 public:
  explicit Stamp(GraphLedger& ledger) : ledger_(ledger) {}
  void execute(Item& in) override;

 private:
  GraphLedger& ledger_;
};

/// Fans out: parts, and one whole, and one to a task that it picks.
class Split final : public Bolt<Item> {
 public:
  static constexpr std::uint32_t kPickers = 2;
  Output<Item> parts{this, "parts"};
  Output<Item> whole{this, "whole"};
  Output<Item> picks{this, "picks"};
  Output<Item> gossip{this, "gossip"};

  explicit Split(GraphLedger& ledger) : ledger_(ledger) {}
  void execute(const Item& in) override;

 private:
  GraphLedger& ledger_;
};

/// Emits each part twice: to the bolt on its own thread by a call, and to the same bolt by a lane.
class Mark final : public Bolt<Item, Item> {
 public:
  Output<Item> again{this, "again"};
  explicit Mark(GraphLedger& ledger) : ledger_(ledger) {}
  void execute(const Item& in) override;

 private:
  GraphLedger& ledger_;
};

/// Local to Mark; also takes tuples from lanes, and keeps some of them for a moment.
class Seal final : public InPlaceBolt<Item> {
 public:
  explicit Seal(GraphLedger& ledger) : ledger_(ledger) {}
  Status open(Context& context) override;
  void execute(Item& in) override;
  void on_drain() override { release(); }

 private:
  void release();
  GraphLedger& ledger_;
  std::vector<std::pair<Item, AckToken>> kept_;
};

/// Notes one effect for every tuple.
class Note final : public Bolt<Item> {
 public:
  enum class What : std::uint8_t { kPart, kAudit, kPicked, kEvent, kNothing };
  Note(GraphLedger& ledger, What what) : ledger_(ledger), what_(what) {}
  Status open(Context& context) override;
  void execute(const Item& in) override;

 private:
  GraphLedger& ledger_;
  What what_;
  std::uint32_t task_ = 0;
};

/// Takes two types of tuple.
class NoteEither final : public Bolt<std::variant<Item, Joined>> {
 public:
  explicit NoteEither(GraphLedger& ledger) : ledger_(ledger) {}
  void execute(const std::variant<Item, Joined>& in) override;

 private:
  GraphLedger& ledger_;
};

/// Holds a tuple until another comes, or nothing does for a while; what it emits is anchored to both.
class Pair final : public Bolt<Item, Joined> {
 public:
  explicit Pair(GraphLedger& ledger) : ledger_(ledger) {}
  Status open(Context& context) override;
  void execute(const Item& in) override;
  void on_drain() override { release(); }

 private:
  void release();
  GraphLedger& ledger_;
  std::vector<std::pair<Origin, AckToken>> held_;
};

/// Joins pairs, whose anchors are joints already.
class Quad final : public Bolt<Joined, Joined> {
 public:
  explicit Quad(GraphLedger& ledger) : ledger_(ledger), joined_{{}, Moment{ledger.world()}} {}
  Status open(Context& context) override;
  void execute(const Joined& in) override;
  void on_drain() override { release(); }

 private:
  void release();
  GraphLedger& ledger_;
  Joined joined_;
  std::vector<AckToken> tokens_;
};

/// Acks later: from a timer, a posted function, another thread; or forgets to.
class Hold final : public Bolt<Item> {
 public:
  explicit Hold(GraphLedger& ledger) : ledger_(ledger) {}
  Status open(Context& context) override;
  void execute(const Item& in) override;

 private:
  GraphLedger& ledger_;
  std::unique_ptr<Context> context_;
};

class JoinedSink final : public BatchSink<Joined> {
 public:
  JoinedSink(GraphLedger& ledger, Effect effect, BatchOptions<Joined> options)
      : BatchSink(std::move(options)), ledger_(ledger), effect_(effect) {}
  Status write(std::span<const Joined> batch) override;

 private:
  GraphLedger& ledger_;
  Effect effect_;
};

class ItemSink final : public BatchSink<Item> {
 public:
  ItemSink(GraphLedger& ledger, BatchOptions<Item> options)
      : BatchSink(std::move(options)), ledger_(ledger) {}
  Status write(std::span<const Item> batch) override;

 private:
  GraphLedger& ledger_;
};

class Windows final : public WindowBolt<Item, Joined, std::uint32_t> {
 public:
  Windows(GraphLedger& ledger, WindowOptions<Item, std::uint32_t> options)
      : WindowBolt(std::move(options)), ledger_(ledger) {}
  void on_window(const Window<Item, std::uint32_t>& window) override;

 private:
  GraphLedger& ledger_;
};

class EventWindows final : public EventWindowBolt<Item> {
 public:
  EventWindows(GraphLedger& ledger, EventWindowOptions<Item> options)
      : EventWindowBolt(std::move(options)), ledger_(ledger) {}
  void on_window(const Window<Item>& window) override;

 private:
  GraphLedger& ledger_;
};

/// The same, folding.
using Origins = std::vector<Origin>;

class Folds final : public FoldWindowBolt<Item, Origins, Joined, std::uint32_t> {
 public:
  Folds(GraphLedger& ledger, WindowOptions<Item, std::uint32_t> options)
      : FoldWindowBolt(std::move(options)), ledger_(ledger) {}
  void fold(Origins& origins, const Item& in) override;
  void on_window(const FoldedWindow<Origins, std::uint32_t>& window) override;

 private:
  GraphLedger& ledger_;
};

class EventFolds final : public EventFoldWindowBolt<Item, Origins> {
 public:
  EventFolds(GraphLedger& ledger, EventWindowOptions<Item> options)
      : EventFoldWindowBolt(std::move(options)), ledger_(ledger) {}
  void fold(Origins& origins, const Item& in) override;
  void on_window(const FoldedWindow<Origins>& window) override;

 private:
  GraphLedger& ledger_;
};

}  // namespace bora::simulation
