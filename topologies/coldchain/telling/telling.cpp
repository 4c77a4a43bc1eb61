#include "topologies/coldchain/telling/telling.hpp"

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "spouts/dead_letter.hpp"
#include "topologies/coldchain/alert_ledger.hpp"

namespace bora::coldchain {

namespace {

using AlertNotifier = notify::NotifierBolt<Alert>;
using RefusedAlert = notify::Refused<Alert>;

std::string json_of(const Alert& alert) {
  std::string json;
  write_alert(alert, json);
  return json;
}

Record record_of(const Alert& alert) {
  Record record;
  record.key = record_key(alert.device_id);
  record.value = json_of(alert);
  return record;
}

AlertName name_of(const Alert& alert) { return {alert.device_id, alert.kind, alert.time}; }

class LedgerMarks final : public notify::ToldMarks<Alert> {
 public:
  explicit LedgerMarks(std::unique_ptr<SharedState> state) : state_(std::move(state)) {
    BORA_CHECK(state_ != nullptr, "a way to the shared state gave nothing");
  }

  Result<notify::Told> find(const Alert& alert) override {
    const std::array names{name_of(alert)};
    if (Status found = state_->alert_ledger().find_told(names, answers_); !found) return found;
    return answers_.at(0) == ToldAnswer::kTold ? notify::Told::kYes : notify::Told::kNo;
  }
  Status mark(std::span<const Alert> told) override {
    names_.clear();
    for (const Alert& each : told)
      names_.push_back(name_of(each));
    return state_->alert_ledger().mark_told(names_);
  }

 private:
  std::unique_ptr<SharedState> state_;
  std::vector<AlertName> names_;
  std::vector<ToldAnswer> answers_;
};

}  // namespace

notify::Notification notification_of(const Alert& alert) {
  return {.key = alert_id(alert),
          .phone = alert.info.phone,
          .text = notification_text(alert),
          .body = json_of(alert)};
}

OutgoingRecord alert_record(const Alert& alert) {
  return {std::string{kAlertsTopic}, record_of(alert)};
}

OutgoingRecord refused_record(const RefusedAlert& refused) {
  return {dead_letter_topic(kAlertsTopic),
          dead_letter(record_of(refused.tuple), {.topic = std::string{kAlertsTopic},
                                                 .position = {},
                                                 .kind = FailureKind::kPermanent,
                                                 .component = "notify",
                                                 .task = 0,
                                                 .reason = refused.reason,
                                                 .attempts = 1,
                                                 .failed_at = refused.at})};
}

notify::ToldMarksConnection<Alert> ledger_marks(StateConnection connect) {
  return [connect = std::move(connect)] { return std::make_unique<LedgerMarks>(connect()); };
}

void add_telling(TopologyBuilder& topology, const Stream<Alert>& alerts, TellingWorld world) {
  auto notify =
      topology
          .bolt("notify",
                [notifier = world.notifier, marks = ledger_marks(world.state)] {
                  return AlertNotifier{
                      notifier, notification_of, {.on_refusal = notify::OnRefusal::kEmit}, marks};
                })
          .fields(alerts, &Alert::device_id, "device_id");
  topology
      .bolt("publish",
            [sinks = world.sinks] {
              return RecordSinkBolt<Alert>{sinks, alert_record};
            })
      .shuffle(notify);
  topology
      .bolt("refused",
            [sinks = world.sinks] {
              return RecordSinkBolt<RefusedAlert>{sinks, refused_record};
            })
      .shuffle(notify[&AlertNotifier::refused]);
}

}  // namespace bora::coldchain
