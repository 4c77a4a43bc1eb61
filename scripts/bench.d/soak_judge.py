"""Whether something grows: decided from samples, without a clock or a process."""
from collections.abc import Sequence
from dataclasses import dataclass

from stats import slope

# The first part is left out: caches and write buffers fill.
WARM_UP_SHARE = 0.25
LEAST_SAMPLES = 12
# What others take of the machine makes these worse: samples in which it was more than that are left out.
SENSITIVE = ("latency", "lag")
OTHERS_LIMIT = 0.25


@dataclass(frozen=True)
class Bound:
    """How much more at the end of the judged part than at its begin is not yet growth: the larger of both."""
    relative: float
    absolute: float
    unit: str


BOUNDS = {
    # A write buffer of one of the stores, which fill and are written out.
    "memory": Bound(0.10, 32.0, "MiB"),
    "files": Bound(0.02, 3.0, ""),
    "threads": Bound(0.0, 2.0, ""),
    "latency": Bound(0.50, 10.0, "ms"),
    "lag": Bound(0.50, 2000.0, "records"),
}


@dataclass(frozen=True)
class Verdict:
    name: str
    begin: float
    growth: float
    late_growth: float
    allowed: float
    unit: str

    @property
    def grows(self) -> bool:
        """Steadily: a cache that has filled grew, too, but no longer does."""
        return self.growth > self.allowed and self.late_growth > self.allowed

    def __str__(self) -> str:
        return (f"{'GROWS' if self.grows else 'steady':<6} {self.name:<8} {self.begin:10,.1f} {self.unit:<8}"
                f"grew by {self.growth:,.1f} (at the rate of the second half: {self.late_growth:,.1f}), "
                f"{self.allowed:,.1f} allowed")


def quiet(name: str, samples: dict[str, list[float]]) -> tuple[list[float], list[float]]:
    """Times and values that say something of the program, and not of who else was at work."""
    kept = [nth for nth, others in enumerate(samples["others"])
            if name not in SENSITIVE or others <= OTHERS_LIMIT]
    return [samples["time"][nth] for nth in kept], [samples[name][nth] for nth in kept]


def judge(name: str, times: Sequence[float], values: Sequence[float]) -> Verdict:
    """By the Theil-Sen slope of what comes after the warm-up, over all of it and over its second half.

    Raises ValueError when there are too few samples to tell."""
    if len(times) < LEAST_SAMPLES:
        raise ValueError(f"{len(times)} samples of {name} are too few to tell: {LEAST_SAMPLES} at least")
    first = int(len(times) * WARM_UP_SHARE)
    times, values = times[first:], values[first:]
    half = len(times) // 2
    seconds = times[-1] - times[0]
    bound = BOUNDS[name]
    begin = sorted(values[:max(3, half // 2)])[max(3, half // 2) // 2]
    return Verdict(name, begin, slope(times, values) * seconds,
                   slope(times[half:], values[half:]) * seconds,
                   max(bound.relative * begin, bound.absolute), bound.unit)
