"""Compares how far the engine is from floors by hand with what benchmarks/recorded.json says.

A ratio fails below nine tenths of the recorded one (of CPU, which should be low: above ten ninths), unless the
run was too noisy to say. Exit code 0: passed; 1: a ratio failed; 3: too noisy to say, run it again.
"""
import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "benchmarks" / "recorded.json"
BOUND = 0.9
# Between the least and the most of the rounds, in medians: beyond, the median says nothing.
SPREAD_LIMIT = 0.5

RATE, CPU = "million_tuples_per_second", "cpu_ns_per_tuple"
# What is compared with what. Rates say how soon, CPU per tuple at which cost, and bears noise better.
PAIRS = (("chain", "engine", "ring"), ("chain", "engine.acked", "ring.acked"),
         ("chain", "engine_pinned.acked", "ring_pinned.acked"),
         ("chain", "engine_in_place.acked", "blocks_in_place.acked"),
         ("chain", "engine_local.acked", "one_thread.acked"), ("hop", "engine", "ring"),
         ("hop", "engine.acked", "ring.acked"), ("fan-out", "engine.acked", "ring.acked"))


@dataclass(frozen=True)
class Ratio:
    name: str
    median: float
    least: float
    most: float
    disturbed: int
    rounds: int

    @property
    def is_noisy(self) -> bool:
        return 2 * self.disturbed > self.rounds or self.most - self.least > SPREAD_LIMIT * self.median

    @property
    def noise(self) -> str:
        return f"[{self.least:.2f}..{self.most:.2f}], {self.disturbed} of {self.rounds} rounds disturbed"


def ratios_in(results: dict[str, Any]) -> dict[str, Ratio]:
    """Of the pairs that the results of bora_pipeline_bench hold."""
    found: dict[str, Ratio] = {}
    by_name = {(suite["name"], contestant["name"]): contestant
               for suite in results["suites"] for contestant in suite["contestants"]}
    for suite, engine, floor in PAIRS:
        contestant = by_name.get((suite, engine))
        if contestant is None or floor not in contestant["ratio_to"]:
            continue
        disturbed = sum(round_["disturbed"] for round_ in contestant["rounds"])
        for figure, what in ((RATE, "rate"), (CPU, "CPU")):
            ratio = contestant["ratio_to"][floor][figure]
            name = f"{suite}: {what} of {engine} to {floor}"
            found[name] = Ratio(name, ratio["median"], ratio["min"], ratio["max"], disturbed,
                                len(contestant["rounds"]))
    return found


def verdict(ratio: Ratio, recorded: float) -> str:
    """`passed`, `FAILED` or `noisy`."""
    is_cost = ": CPU of" in ratio.name
    is_good = ratio.median <= recorded / BOUND if is_cost else ratio.median >= recorded * BOUND
    if is_good:
        return "passed"
    # When not even the best round reaches it, noise is no excuse.
    best = ratio.least if is_cost else ratio.most
    best_is_good = best <= recorded / BOUND if is_cost else best >= recorded * BOUND
    return "noisy" if ratio.is_noisy and best_is_good else "FAILED"


def compare(ratios: dict[str, Ratio], recorded: dict[str, float]) -> tuple[list[str], int]:
    """The lines to print, and the exit code."""
    lines, verdicts = [], []
    for name, was in recorded.items():
        if name not in ratios:
            lines.append(f"FAILED  {name}: recorded, but this run does not have it")
            verdicts.append("FAILED")
            continue
        ratio = ratios[name]
        verdicts.append(verdict(ratio, was))
        lines.append(f"{verdicts[-1]:<7} {name}: {ratio.median:.2f} {ratio.noise}; recorded {was:.2f}")
    if not recorded:
        return ["FAILED  nothing is recorded: scripts/bench-gate --record"], 1
    return lines, 1 if "FAILED" in verdicts else 3 if "noisy" in verdicts else 0


def run_benchmark(program: Path, rounds: int, tuples: int, out: Path) -> dict[str, Any]:
    names = dict.fromkeys(f"{suite}/{name}" for suite, *both in PAIRS for name in both)
    only = [option for name in names for option in ("--only", name)]
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(program), "--rounds", str(rounds), "--tuples", str(tuples), "--quiet", "0",
                    "--json", str(out), *only], check=True, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def record(ratios: dict[str, Ratio], path: Path) -> None:
    text = {"about": "Ratios of the engine to floors by hand; scripts/bench-gate --record writes this.",
            "machine": machine.describe(),
            "ratios": {name: round(ratio.median, 3) for name, ratio in ratios.items()}}
    path.write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench-gate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write the ratios down instead of comparing them")
    parser.add_argument("--names", type=Path, metavar="RESULTS",
                        help="only see whether these results hold every recorded ratio: noise cannot fail it")
    parser.add_argument("--results", type=Path, help="compare these, run nothing")
    parser.add_argument("--recorded", type=Path, default=RECORDED)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tuples", type=int, default=4_000_000)
    parser.add_argument("--program", type=Path, default=ROOT / "build/bench/bench/bora_pipeline_bench")
    options = parser.parse_args(given)
    have = options.names or options.results
    results = (json.loads(have.read_text(encoding="utf-8")) if have else
               run_benchmark(options.program, options.rounds, options.tuples,
                             ROOT / "build/bench/results/gate.json"))
    ratios = ratios_in(results)
    if options.record:
        record(ratios, options.recorded)
    recorded: dict[str, float] = json.loads(options.recorded.read_text(encoding="utf-8"))["ratios"]
    if options.names:
        missing = sorted(set(recorded) - set(ratios))
        for name in missing:
            print(f"bench-gate: no contestants give '{name}': mend the benchmark, or record again")
        print(f"bench-gate: {len(recorded) - len(missing)} of {len(recorded)} recorded ratios are measured")
        return int(bool(missing) or not recorded)
    lines, code = compare(ratios, recorded)
    print("\n".join(lines))
    print({0: "bench-gate: passed", 1: f"bench-gate: FAILED, below {BOUND} of what is recorded",
           3: "bench-gate: too noisy to say, run it on a machine that does nothing else"}[code])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
