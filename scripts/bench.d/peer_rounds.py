"""The order of all runs: rounds over the contestants, every other one backwards."""
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from peer_cases import Case
from peer_figures import Figure, figure_of
from peer_runs import NOISE_LIMIT, Load, Run, Unsupported

FIXED_RATES = (20_000, 200_000)
SHARES = (0.1, 0.5, 0.9)
# bora_peer_bench sends whole tuples each 100 us, and nobody is asked for what others cannot send.
RATE_STEP = 10_000

# So many disturbed runs of a contestant at a load are run again; it has no figure if most were.
REPEATS = 2

# Seconds that a run takes beyond what it is asked for, until one is known: what begins and ends a cluster
# in a process, and what makes, reads back and removes a topic.
FIRST_GUESS = {"storm": 6.0, "flink": 4.0, "kafka-streams": 3.0}
AROUND_TOPICS = 12.0

# Runs a contestant once at a load.
Runner = Callable[[Case, Load], Run]
Point = tuple[Case, int]


@dataclass(frozen=True)
class Lengths:
    """Seconds of runs. `warmups`: of systems, or of graph/system, that need another one than their like."""
    rounds: int
    seconds: float
    warmup: float
    java_warmup: float
    noise_limit: float = NOISE_LIMIT
    java_seconds: float | None = None
    warmups: Mapping[str, float] = field(default_factory=dict)

    def load(self, case: Case, rate: int) -> Load:
        warmup, seconds = self.warmup, self.seconds
        if case.is_java:
            warmup, seconds = self.java_warmup, self.java_seconds or self.seconds
        for name in (case.system, f"{case.graph}/{case.system}"):
            warmup = self.warmups.get(name, warmup)
        return Load(rate, warmup, seconds, noise_limit=self.noise_limit)


class Clock:
    """How long runs take, from how long they took beyond what they were asked for."""

    def __init__(self) -> None:
        self._more: dict[tuple[str, bool], list[float]] = defaultdict(list)

    def seconds(self, case: Case, load: Load) -> float:
        known = self._more[case.system, case.graph == "kafka"]
        guess = FIRST_GUESS.get(case.system, 0.6) + (AROUND_TOPICS if case.graph == "kafka" else 0)
        return load.warmup + load.seconds + (sum(known) / len(known) if known else guess)

    def took(self, case: Case, load: Load, seconds: float) -> None:
        self._more[case.system, case.graph == "kafka"].append(seconds - load.warmup - load.seconds)


@dataclass
class Results:
    """Figures by case and rate; rate 0 is the closed loop."""
    figures: dict[tuple[Case, int], Figure] = field(default_factory=dict)
    settings: dict[Case, dict[str, str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)


class OutOfTime(Exception):
    """The next run would not end within the time that there is for all."""


class Rounds:
    """`saturation`: throughput of closed loops by name of case, where these ran before. `on_round` hears of
    each round that has ended, or was cut short; `seconds_left` says how long runs may still take."""

    def __init__(self, runner: Runner, lengths: Lengths, spread_limit: float,
                 saturation: Mapping[str, float] | None = None, on_round: Callable[[], None] = lambda: None,
                 seconds_left: Callable[[], float] = lambda: math.inf) -> None:
        self._runner = runner
        self._lengths = lengths
        self._spread_limit = spread_limit
        self._saturation = dict(saturation or {})
        self._on_round = on_round
        self._seconds_left = seconds_left
        self._clock = Clock()
        self._runs: dict[Point, list[Run]] = defaultdict(list)
        self._out: set[Point] = set()
        self.results = Results()

    def closed(self, cases: Sequence[Case], rounds: int | None = None) -> None:
        self.run([(case, 0) for case in cases], rounds)

    def open(self, cases: Sequence[Case], fixed: Sequence[int], shares: Sequence[float],
             rounds: int | None = None) -> None:
        """At fixed rates, and at shares of what each case took in its closed loop."""
        self.run([(case, rate) for case in cases for rate in self.rates_of(case, fixed, shares)], rounds)

    def rates_of(self, case: Case, fixed: Sequence[int], shares: Sequence[float]) -> list[int]:
        """The same each time that it is asked, though further rounds may move the median of the closed loop."""
        closed = self.results.figures.get((case, 0))
        if closed is not None:
            if closed.throughput is None:
                return sorted(set(fixed))
            self._saturation.setdefault(case.name, closed.throughput.median)
        most = self._saturation.get(case.name, 0.0)
        of_most = {max(RATE_STEP, int(most * share) // RATE_STEP * RATE_STEP) for share in shares}
        return sorted({*fixed, *(of_most if most else ())})

    def run(self, points: Sequence[Point], rounds: int | None = None) -> None:
        """Until each point has so many runs, counting those that it has; disturbed ones are repeated at the
        end. Raises OutOfTime."""
        rounds = self._lengths.rounds if rounds is None else rounds
        for nth in range(rounds + REPEATS):
            now = [point for point in points
                   if len(self._runs[point]) <= nth and self._lacking(point, rounds) and point not in self._out]
            later = [point for point in points
                     for _ in range(self._lacking(point, rounds) - (point in now))]
            if not now:
                continue
            if nth % 2 == 1:
                now.reverse()
            try:
                for at, point in enumerate(now):
                    self._one(point, [*now[at + 1:], *later])
            finally:
                self._conclude(points)

    def _lacking(self, point: Point, rounds: int) -> int:
        """How many runs it needs to have so many that nothing disturbed."""
        return max(0, rounds - sum(not run.is_disturbed for run in self._runs[point]))

    def seconds_of(self, points: Iterable[Point]) -> float:
        return sum(self._clock.seconds(case, self._lengths.load(case, rate)) for case, rate in points)

    def _conclude(self, points: Sequence[Point]) -> None:
        for point in points:
            if self._runs[point]:
                self.results.figures[point] = figure_of(self._runs[point], self._spread_limit)
        self._on_round()

    def _one(self, point: Point, left: Sequence[Point]) -> None:
        case, rate = point
        load = self._lengths.load(case, rate)
        if self._clock.seconds(case, load) > self._seconds_left():
            raise OutOfTime
        began = time.monotonic()
        try:
            run = self._runner(case, load)
        except Unsupported as why:
            self.results.absent[case.name] = str(why)
            self._out.add(point)
            say(f"{case.name}: not here: {why}")
            return
        took = time.monotonic() - began
        if took > load.seconds:  # else it ran earlier
            self._clock.took(case, load, took)
        self._runs[point].append(run)
        if run.wrong:
            self._out.add(point)  # no further run makes it right
        self.results.settings.setdefault(case, run.json.get("settings") or {})
        self.results.versions.setdefault(case.system, str(run.json.get("version", "?")))
        left = [each for each in left if each not in self._out]
        say(f"{case.name}{f' at {rate:,}/s' if rate else ''}: {line_of(run)} - "
            f"{len(left)} runs left here, about {self.seconds_of(left) / 60:.1f} min")


def line_of(run: Run) -> str:
    if run.wrong:
        return f"WRONG: {run.wrong[0]}"
    text = f"{run.json['throughput']:,.0f}/s, {run.json['cpu_us_per_tuple']:.3f} us of CPU"
    latency = run.json.get("latency_us")
    if latency:
        text += f", p50 {latency['p50']:,.0f} us, p99 {latency['p99']:,.0f} us"
    if run.saturated:
        text += ", SATURATED"
    return text + "".join(f", UNFIT: {reason}" for reason in run.unfit)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
