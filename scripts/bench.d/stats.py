"""Medians, spreads and slopes that a few wild values do not move."""
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A median between the least and the most of the runs."""
    median: float
    least: float
    most: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        return Spread(statistics.median(values), min(values), max(values))

    @property
    def relative(self) -> float:
        """The distance between least and most, in medians."""
        return (self.most - self.least) / self.median if self.median else 0.0


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Theil-Sen: the median of the slopes between all pairs, so nearly a third of the values may lie."""
    slopes = [(values[j] - values[i]) / (times[j] - times[i])
              for i in range(len(times)) for j in range(i + 1, len(times)) if times[j] != times[i]]
    return statistics.median(slopes) if slopes else 0.0
