"""Runs bora_scaling_bench and draws what it measured: one plot of each curve, and one table of all."""
import json
import subprocess
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


def report(found: dict[str, Any], noise: machine.Noise) -> str:
    described = ", ".join(f"{name} {value}" for name, value in machine.describe().items())
    return (f"`scripts/bench-curves`: {found['rounds']} rounds of {found['seconds']} s each.\n\n"
            f"{described}. While it ran, others had {noise.others:.0%} of the machine, the hypervisor "
            f"{noise.steal:.0%}.\n\n{table(found['curves'])}")


def main(program: str, out: Path, options: Sequence[str]) -> int:
    """Runs it, and draws."""
    out.mkdir(parents=True, exist_ok=True)
    results = out / "results.json"
    before = machine.Reading.now()
    subprocess.run([program, "--json", str(results), *options], check=True)
    noise = machine.noise_between(before, machine.Reading.now())
    found = json.loads(results.read_text(encoding="utf-8"))
    for curve in found["curves"]:
        (out / f"scaling-{curve['name']}.svg").write_text(plot(curve), encoding="utf-8")
    (out / "report.md").write_text(report(found, noise), encoding="utf-8")
    print(f"bench-curves: report.md and plots are in {out}/")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
