"""Medians, spreads and slopes that a few wild values do not move."""
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A median between the least and the most of the runs. `relative`: their distance in medians; of five or more
    that of all but the least and the most, as the more there are, the likelier something disturbed one of them."""
    median: float
    least: float
    most: float
    relative: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        ordered, median = sorted(values), statistics.median(values)
        inner = ordered[1:-1] if len(ordered) >= 5 else ordered
        return Spread(median, ordered[0], ordered[-1], (inner[-1] - inner[0]) / median if median else 0.0)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Theil-Sen: the median of the slopes between all pairs, so nearly a third of the values may lie."""
    slopes = [(values[j] - values[i]) / (times[j] - times[i])
              for i in range(len(times)) for j in range(i + 1, len(times)) if times[j] != times[i]]
    return statistics.median(slopes) if slopes else 0.0
