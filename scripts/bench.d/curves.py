"""Draws what bora_scaling_bench measured: one plot of each curve, and one table of all."""
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import machine
import svg


def table(curves: Sequence[dict[str, Any]]) -> str:
    lines = ["| varied | value | M tuples/s | CPU us a tuple |", "| --- | --- | --- | --- |"]
    for curve in curves:
        for point in curve["points"]:
            rate = point["throughput"]
            lines.append(f"| {curve['about']} | {point['x']:,} | {rate['median'] / 1e6:,.3f} "
                         f"[{rate['least'] / 1e6:,.3f}..{rate['most'] / 1e6:,.3f}] | "
                         f"{point['cpu_us']['median']:,.3f} |")
    return "\n".join(lines) + "\n"


def plot(curve: dict[str, Any]) -> str:
    lines = [svg.Series(name, [(float(point["x"]), point["throughput"][name]) for point in curve["points"]],
                        dashed=name != "median", group="all") for name in ("median", "least", "most")]
    return svg.lines(f"Scaling: {curve['name']}", curve["about"], "tuples a second, acked", lines, height=340)


def main(results: Path, out: Path) -> int:
    found = json.loads(results.read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    for curve in found["curves"]:
        (out / f"scaling-{curve['name']}.svg").write_text(plot(curve), encoding="utf-8")
    described = ", ".join(f"{name} {value}" for name, value in machine.describe().items())
    (out / "report.md").write_text(
        f"`scripts/bench-curves`: {found['rounds']} rounds of {found['seconds']} s each.\n\n"
        f"{described}.\n\n{table(found['curves'])}", encoding="utf-8")
    print(f"bench-curves: report.md and plots are in {out}/")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
