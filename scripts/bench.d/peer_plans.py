"""What a whole benchmark runs, in which order: what matters most comes first, as time may run out."""
from collections.abc import Mapping
from dataclasses import dataclass, field

from peer_cases import GRAPHS


@dataclass(frozen=True)
class Stage:
    """Rounds over some graphs: closed loops, or, with rates or shares of saturation, open ones."""
    graphs: tuple[str, ...]
    rounds: int
    only: str = ""
    rates: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def is_open(self) -> bool:
        return bool(self.rates or self.shares)

    @property
    def text(self) -> str:
        loads = [f"{rate:,}/s" for rate in self.rates] + [f"{share:.0%}" for share in self.shares]
        return f"{', '.join(self.graphs)}: {self.rounds} rounds, {' and '.join(loads) or 'closed loop'}"


@dataclass(frozen=True)
class Plan:
    """`defaults` of options; `warmups`: as Lengths has them."""
    stages: tuple[Stage, ...]
    defaults: Mapping[str, float] = field(default_factory=dict)
    warmups: Mapping[str, float] = field(default_factory=dict)


# Floors and Bora without acks in one thread have no latency that is not the source's.
TIMED = r"bora\.default|bora\.local\.at|storm.*at-least|flink|windflow"


def stages(rounds: int) -> tuple[Stage, ...]:
    return (Stage(("chain",), rounds),
            Stage(("kafka",), rounds),
            Stage(("chain",), rounds, TIMED, rates=(20_000, 200_000)),
            Stage(("wordcount", "fan", "spike", "window"), rounds),
            Stage(("chain",), rounds, TIMED, shares=(0.1, 0.5, 0.9)))


# All that docs/benchmarks.md shows, in the least time that is honest. Three rounds of everything before five of
# anything; programs that need no warm-up get half a second, Storm ten seconds, as it takes as long. In kafka there is
# an end of the records: some five seconds are left of them after these warm-ups.
PUBLISHED = Plan((*stages(3), *stages(5)),
                 {"seconds": 2, "warmup": 0.5, "java_seconds": 3, "java_warmup": 6},
                 {"storm": 10, "kafka/storm": 6, "kafka/flink": 4, "kafka/kafka-streams": 4})
PLANS = {"published": PUBLISHED}


def plain(graphs: str, rounds: int, open_graphs: str, rates: str, shares: str) -> Plan:
    """Each graph on its own: closed, then, where that is asked for, open."""
    made: list[Stage] = []
    for graph in (graph for graph in GRAPHS if graph in graphs.split(",")):
        made.append(Stage((graph,), rounds))
        if graph in open_graphs.split(",") and graph != "kafka":
            made.append(Stage((graph,), rounds, rates=tuple(int(rate) for rate in rates.split(",") if rate),
                              shares=tuple(float(share) for share in shares.split(",") if share)))
    return Plan(tuple(made))
