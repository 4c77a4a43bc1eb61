"""The order of all runs: rounds over the contestants, every other one backwards."""
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from peer_cases import Case
from peer_figures import Figure, figure_of
from peer_runs import NOISE_LIMIT, Load, Run, Unsupported

FIXED_RATES = (20_000, 200_000)
SHARES = (0.1, 0.5, 0.9)
# bora_peer_bench sends whole tuples each 100 us, and nobody is asked for what others cannot send.
RATE_STEP = 10_000

# Runs a contestant once at a load.
Runner = Callable[[Case, Load], Run]


@dataclass(frozen=True)
class Lengths:
    rounds: int
    seconds: float
    warmup: float
    java_warmup: float
    noise_limit: float = NOISE_LIMIT

    def load(self, case: Case, rate: int) -> Load:
        return Load(rate, self.java_warmup if case.is_java else self.warmup, self.seconds,
                    noise_limit=self.noise_limit)


class Clock:
    """How long all will take, from how long runs took beyond what they were asked for."""

    def __init__(self) -> None:
        self._more: dict[bool, list[float]] = {True: [], False: []}

    def seconds(self, case: Case, load: Load) -> float:
        known = self._more[case.is_java]
        more = sum(known) / len(known) if known else (6.0 if case.is_java else 1.0)
        return load.warmup + load.seconds + more

    def took(self, case: Case, load: Load, seconds: float) -> None:
        self._more[case.is_java].append(seconds - load.warmup - load.seconds)


@dataclass
class Results:
    """Figures by case and rate; rate 0 is the closed loop."""
    figures: dict[tuple[Case, int], Figure] = field(default_factory=dict)
    settings: dict[Case, dict[str, str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


class Rounds:
    """`saturation`: throughput of closed loops by name of case, where these ran before."""

    def __init__(self, runner: Runner, lengths: Lengths, spread_limit: float,
                 saturation: dict[str, float] | None = None) -> None:
        self._runner = runner
        self._lengths = lengths
        self._spread_limit = spread_limit
        self._saturation = dict(saturation or {})
        self._clock = Clock()
        self.results = Results()

    def closed(self, cases: Sequence[Case]) -> None:
        self._run([(case, 0) for case in cases])

    def open(self, cases: Sequence[Case], fixed: Sequence[int], shares: Sequence[float]) -> None:
        """At fixed rates, and at shares of what each case took in its closed loop."""
        self._run([(case, rate) for case in cases for rate in self.rates_of(case, fixed, shares)])

    def rates_of(self, case: Case, fixed: Sequence[int], shares: Sequence[float]) -> list[int]:
        closed = self.results.figures.get((case, 0))
        most = self._saturation.get(case.name, 0.0)
        if closed is not None:
            most = closed.throughput.median if closed.throughput else 0.0
        of_most = {max(RATE_STEP, int(most * share) // RATE_STEP * RATE_STEP) for share in shares}
        return sorted({*fixed, *(of_most if most else ())})

    def _run(self, points: Sequence[tuple[Case, int]]) -> None:
        runs: dict[tuple[Case, int], list[Run]] = defaultdict(list)
        out: set[tuple[Case, int]] = set()
        left = [point for _ in range(self._lengths.rounds) for point in points]
        for nth in range(self._lengths.rounds):
            for point in points if nth % 2 == 0 else reversed(points):
                left.remove(point)
                if point in out:
                    continue
                self._one(point, runs[point], out, [each for each in left if each not in out])
        for point in points:
            if runs[point]:
                self.results.figures[point] = figure_of(runs[point], self._spread_limit)

    def _one(self, point: tuple[Case, int], runs: list[Run], out: set[tuple[Case, int]],
             left: Sequence[tuple[Case, int]]) -> None:
        case, rate = point
        load = self._lengths.load(case, rate)
        began = time.monotonic()
        try:
            run = self._runner(case, load)
        except Unsupported as why:
            self.results.absent[case.name] = str(why)
            out.add(point)
            say(f"{case.name}: not here: {why}")
            return
        self._clock.took(case, load, time.monotonic() - began)
        runs.append(run)
        if run.wrong:
            out.add(point)  # no further run makes it right
        self.results.settings.setdefault(case, run.json.get("settings") or {})
        self.results.versions.setdefault(case.system, str(run.json.get("version", "?")))
        seconds = sum(self._clock.seconds(each, self._lengths.load(each, at)) for each, at in left)
        say(f"{case.name}{f' at {rate:,}/s' if rate else ''}: {line_of(run)} - "
            f"{len(left)} runs left here, about {seconds / 60:.1f} min")


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
