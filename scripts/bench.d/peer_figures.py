"""Of the runs of one contestant at one load: a figure, or the reason why there is none."""
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from peer_runs import SPREAD_LIMIT, Run
from stats import Spread

# The distance between the least and the most median latency, in medians.
LATENCY_SPREAD_LIMIT = 3.0
PERCENTILES = ("p50", "p90", "p99", "p999", "max")


@dataclass
class Figure:
    """`refused` is empty, or says why there are no numbers."""
    refused: str = ""
    runs: int = 0
    good: int = 0
    throughput: Spread | None = None
    cpu_us: Spread | None = None
    rss_mib: Spread | None = None
    latency_us: dict[str, Spread] = field(default_factory=dict)
    source_late_us: Spread | None = None
    noise: str = ""
    noise_of_runs: list[dict[str, float]] = field(default_factory=list)
    per_second: list[int] = field(default_factory=list)
    warmup_seconds: float = 0.0  # of the same run
    left_out: list[str] = field(default_factory=list)

    @property
    def runs_text(self) -> str:
        return str(self.runs) if self.good == self.runs else f"{self.good} of {self.runs}"

    def to_json(self) -> dict[str, Any]:
        def plain(value: Any) -> Any:
            if isinstance(value, Spread):
                return {"median": value.median, "least": value.least, "most": value.most}
            if isinstance(value, dict):
                return {key: plain(each) for key, each in value.items()}
            return value
        return {name: plain(value) for name, value in vars(self).items() if value not in (None, {}, [], "")}


def figure_of(runs: Sequence[Run], spread_limit: float = SPREAD_LIMIT) -> Figure:
    """A wrong run refuses the figure, and so does a saturated one: neither is averaged in. Unfit runs are
    left out while most are good."""
    noise = max((max(run.noise.others, run.noise.steal) for run in runs), default=0.0)
    figure = Figure(runs=len(runs), noise=f"{noise:.0%}")
    figure.noise_of_runs = [{"others": round(run.noise.others, 3), "steal": round(run.noise.steal, 3)}
                            for run in runs]
    figure.left_out = [reason for run in runs for reason in run.unfit]
    wrong = [reason for run in runs for reason in run.wrong]
    saturated = [run for run in runs if run.saturated]
    good = [run for run in runs if run.is_good]
    figure.good = len(good)
    if not runs:
        figure.refused = "no run"
    elif wrong:
        figure.refused = f"WRONG: {wrong[0]}"
    elif saturated:
        reached = Spread.of([run.json["throughput"] for run in saturated])
        figure.refused = (f"SATURATED in {len(saturated)} of {len(runs)} runs: completed "
                          f"{reached.median:,.0f} of {saturated[0].json['rate']:,} a second")
    elif 2 * len(good) <= len(runs):
        figure.refused = f"UNFIT: {len(runs) - len(good)} of {len(runs)} runs, such as: {figure.left_out[0]}"
    else:
        fill(figure, good)
        figure.refused = too_wide(figure, spread_limit)
    if figure.refused:
        return Figure(figure.refused, figure.runs, figure.good, noise=figure.noise, noise_of_runs=figure.noise_of_runs,
                      left_out=figure.left_out)
    return figure


def too_wide(figure: Figure, limit: float) -> str:
    """Why the runs lie too far apart for a median of them to mean something; empty when they do not."""
    what, spread = "throughput", figure.throughput
    if figure.latency_us:
        what, spread, limit = "p50", figure.latency_us["p50"], LATENCY_SPREAD_LIMIT
    if spread is None or spread.relative <= limit:
        return ""
    return f"SPREAD: {what} from {spread.least:,.4g} to {spread.most:,.4g}, over {limit:.0%} of the median"


def fill(figure: Figure, good: Sequence[Run]) -> None:
    def spread_of(name: str, scale: float = 1.0) -> Spread:
        return Spread.of([run.json[name] * scale for run in good])
    figure.throughput = spread_of("throughput")
    figure.cpu_us = spread_of("cpu_us_per_tuple")
    figure.rss_mib = spread_of("peak_rss_bytes", 1 / 2**20)
    middle = sorted(good, key=lambda run: run.json["throughput"])[len(good) // 2]
    figure.per_second = list(middle.json.get("per_second", []))
    figure.warmup_seconds = middle.json.get("warmup_seconds", 0.0)
    timed = [run.json for run in good if run.json.get("latency_us")]
    if timed:
        figure.latency_us = {name: Spread.of([each["latency_us"][name] for each in timed])
                             for name in PERCENTILES if name in timed[0]["latency_us"]}
        figure.source_late_us = Spread.of([each.get("source_late_us_p99") or 0.0 for each in timed])
