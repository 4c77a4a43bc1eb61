#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/batch_sink.hpp"
#include "bora/bolt.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::datapoints {

/// Makes two points of a reading, and refuses what is no reading (Permanent, so that it becomes a dead
/// letter with the reason).
class SplitBolt final : public Bolt<ConsumedRecord> {
 public:
  Output<coldchain::SeriesPoint> temperatures{this, "temperature"};
  Output<coldchain::SeriesPoint> batteries{this, "battery"};
  void execute(const ConsumedRecord& in) override;
};

/// Collects the points of a window, writes them at once, and acks them only then. A point that the store
/// refuses becomes a dead letter; a store that is away makes its source wait.
class SeriesSink final : public BatchSink<coldchain::SeriesPoint> {
 public:
  using FindWriter = std::function<std::shared_ptr<coldchain::SeriesWriter>()>;
  /// `writer` is asked when the bolt opens, for one that is this task's.
  SeriesSink(FindWriter writer, BatchOptions<coldchain::SeriesPoint> window)
      : BatchSink(std::move(window)), find_writer_(std::move(writer)) {}

 protected:
  Status on_open(Context&) override;
  Status write(std::span<const coldchain::SeriesPoint> batch) override;
  void on_close() override { writer_.reset(); }

 private:
  using Points = std::span<const coldchain::SeriesPoint>;
  struct Refused {
    const coldchain::SeriesPoint* point;
    std::string reason;
  };
  [[nodiscard]] Status refusal_in(Points batch) const;

  FindWriter find_writer_;
  std::shared_ptr<coldchain::SeriesWriter> writer_;  // with the part that made it, if it is for all
  /// What the store refused of the batch that it answered last. BatchSink then asks for halves of it,
  /// until those points stand alone; the store has written the others and is not asked again.
  std::vector<Refused> refused_;
  std::size_t asked_again_ = 0;  ///< Points of that batch that halves are still to come for.
};

}  // namespace bora::datapoints
