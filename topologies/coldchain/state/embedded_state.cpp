#include "topologies/coldchain/state/embedded_state.hpp"

#include <utility>

#include "topologies/coldchain/state/embedded_core.hpp"

namespace bora::coldchain {

/// One task's ports; the core does the work.
class EmbeddedState::Handle final : public SharedState,
                                    public LastSeen,
                                    public AlertLedger,
                                    public SilentSet {
 public:
  explicit Handle(Core& core) : core_(core) {}

  LastSeen& last_seen() noexcept override { return *this; }
  AlertLedger& alert_ledger() noexcept override { return *this; }
  SilentSet& silent_set() noexcept override { return *this; }

  Status find(std::span<const DeviceId> devices, WallTime now, Known& known) override {
    return core_.find_seen(devices, now, known);
  }
  Status record(std::span<const Sighting> heard) override { return core_.record(heard); }
  Status walk(const Range& range, std::vector<Sighting>& found) override {
    return core_.walk(range, found);
  }
  Result<std::uint64_t> count_devices() override { return core_.count_seen(); }

  Status claim(std::span<const AlertClaim> claims, std::vector<ClaimAnswer>& answers) override {
    return core_.claim(claims, answers);
  }
  Status find_told(std::span<const AlertName> alerts, std::vector<ToldAnswer>& answers) override {
    return core_.find_told(alerts, answers);
  }
  Status mark_told(std::span<const AlertName> alerts) override { return core_.mark_told(alerts); }

  Status find(std::span<const DeviceId> devices,
              std::vector<std::optional<Silence>>& found) override {
    return core_.find_silences(devices, found);
  }
  Status begin(std::span<const Silence> silences) override { return core_.begin(silences); }
  Status end(std::span<const SilenceEnd> ends, std::vector<EndAnswer>& answers) override {
    return core_.end(ends, answers);
  }
  Status forget_ended(WallTime before) override { return core_.forget_ended(before); }
  Result<Counts> count_silences() override { return core_.count_silences(); }

 private:
  Core& core_;
};

EmbeddedState::EmbeddedState(std::unique_ptr<Core> core) noexcept : core_(std::move(core)) {}
EmbeddedState::~EmbeddedState() = default;

Result<std::unique_ptr<EmbeddedState>> EmbeddedState::open(const EmbeddedStateOptions& options) {
  auto core = std::make_unique<Core>(options);
  if (Status opened = core->open(); !opened) return opened;
  return std::unique_ptr<EmbeddedState>{new EmbeddedState{std::move(core)}};
}

std::unique_ptr<SharedState> EmbeddedState::connect() { return std::make_unique<Handle>(*core_); }
EmbeddedStateStats EmbeddedState::stats() const { return core_->stats(); }

}  // namespace bora::coldchain
