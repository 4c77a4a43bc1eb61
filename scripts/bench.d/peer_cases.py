"""Who takes part in which graph, and with which data."""
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

GRAPHS = ("chain", "wordcount", "fan", "spike", "window", "kafka")
SYSTEMS = ("bora", "floor", "storm", "flink", "kafka-streams", "windflow")
# With 1,024 devices none of spike's values is an outlier, and no window has two values of a device.
KEYS = {"spike": 1000, "window": 64}
# Of the records that Bora works off in the graph kafka, by how long they last: virtual machines must get warm with them.
SHARE_OF_RECORDS = {"storm": 0.5, "flink": 2, "kafka-streams": 1.75}
NONE, ACKED, ONCE = "none", "at-least-once", "exactly-once"


@dataclass(frozen=True)
class Case:
    """One contestant as it is set up for one graph."""
    graph: str
    system: str
    guarantee: str
    variant: str
    command: tuple[str, ...]

    @property
    def keys(self) -> int:
        return KEYS.get(self.graph, 1024)

    def records_of(self, records: int) -> int:
        """How many of so many records it works off."""
        return int(records * SHARE_OF_RECORDS.get(self.system, 1))

    @property
    def is_java(self) -> bool:
        return self.system in ("storm", "flink", "kafka-streams")

    @property
    def label(self) -> str:
        variant = "" if self.variant == "default" else f" {self.variant}"
        return f"{self.system}{variant} ({self.guarantee})"

    @property
    def name(self) -> str:
        return f"{self.graph}/{self.system}.{self.variant}.{self.guarantee}"


# (graph, system) -> (guarantee, variant)...
_CHAIN = {
    "bora": ((NONE, "default"), (ACKED, "default"), (ACKED, "pinned"), (NONE, "local"), (ACKED, "local")),
    "floor": ((NONE, "ring"), (ACKED, "ring"), (NONE, "blocks"), (ACKED, "blocks")),
    "storm": ((NONE, "default"), (ACKED, "default")),
    "flink": ((ACKED, "unchained"), (ACKED, "chained")),
    "windflow": ((NONE, "batch64"), (NONE, "batch1")),
}
_OTHERS = {
    "bora": ((ACKED, "default"), (ACKED, "pinned"), (ACKED, "local")),
    "storm": ((ACKED, "default"),),
    "flink": ((ACKED, "unchained"), (ACKED, "chained")),
    "windflow": ((NONE, "batch64"),),
}
_KAFKA = {
    "bora": ((ACKED, "default"), (ONCE, "default")),
    "floor": ((ACKED, "bare"),),
    "storm": ((ACKED, "default"),),
    "flink": ((ACKED, "chained"), (ONCE, "chained")),
    "kafka-streams": ((ACKED, "default"), (ONCE, "default")),
}


def matrix(graph: str) -> dict[str, tuple[tuple[str, str], ...]]:
    return {"chain": _CHAIN, "kafka": _KAFKA}.get(graph, _OTHERS)


def command_of(system: str, root: Path, programs: Path) -> tuple[str, ...]:
    if system in ("bora", "floor"):
        return (str(programs / "bora_peer_bench"),)
    return (str(root / "benchmarks" / "peers" / system / "run"),)


def cases_of(graph: str, systems: Iterable[str], root: Path, programs: Path) -> list[Case]:
    wanted = set(systems)
    return [Case(graph, system, guarantee, variant, command_of(system, root, programs))
            for system, entries in matrix(graph).items() if system in wanted
            for guarantee, variant in entries
            if not (graph == "fan" and variant == "local")]
