#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "bolts/notifier/notifier.hpp"
#include "bolts/notifier/notifier_bolt.hpp"
#include "bolts/notifier/told_marks.hpp"
#include "bolts/record_sink_bolt.hpp"
#include "bora/record.hpp"
#include "bora/topology.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/shared_state.hpp"

/// How every topology tells people of its alerts, and publishes them.
namespace bora::coldchain {

inline constexpr std::string_view kAlertsTopic = "alerts";

/// What is said about an alert; its key is the alert's id.
[[nodiscard]] notify::Notification notification_of(const Alert& alert);

/// Its record in topic `alerts`.
[[nodiscard]] OutgoingRecord alert_record(const Alert& alert);

/// The same in the dead letters of that topic, with the reason why nobody could be told.
[[nodiscard]] OutgoingRecord refused_record(const notify::Refused<Alert>& refused);

/// Opens one task's way to the shared state.
using StateConnection = std::function<std::unique_ptr<SharedState>()>;

/// Who was told of what, in the ledger of the shared state.
[[nodiscard]] notify::ToldMarksConnection<Alert> ledger_marks(StateConnection connect);

struct TellingWorld {
  notify::NotifierConnection notifier;
  StateConnection state;
  SinkConnection sinks;
};

/// Adds what follows an alert: notify -> publish (topic `alerts`), and refused (its dead letters).
///
/// An alert is notified, marked in the ledger as told, and published, in this order; then it is done.
/// One that is marked is published only. So of those that a process told, as many as its notifier may
/// have under way are told again after a crash, with the same key, and no others.
void add_telling(TopologyBuilder& topology, const Stream<Alert>& alerts, TellingWorld world);

}  // namespace bora::coldchain
