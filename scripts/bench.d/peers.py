"""Runs Bora, floors by hand and its peers alternately, refuses what is broken, writes tables and plots."""
import argparse
import json
import os
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import machine
import peer_report
from peer_cases import ACKED, GRAPHS, SYSTEMS, Case, cases_of
from peer_rounds import FIXED_RATES, SHARES, Lengths, Rounds, say
from peer_runs import NOISE_LIMIT, SPREAD_LIMIT, Load, Run, Unsupported, execute
from peer_tools import RECORDS, SMOKE_RECORDS, Tool, Topics

ROOT = Path(__file__).resolve().parents[2]


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-peers", description=__doc__)
    parser.add_argument("--graphs", default=",".join(GRAPHS), help="of %(default)s")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="of %(default)s")
    parser.add_argument("--only", default="", help="contestants whose graph/system.variant.guarantee has this regular expression")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="that are measured, of each run (%(default)s)")
    parser.add_argument("--warmup", type=float, default=1, help="seconds before (%(default)s)")
    parser.add_argument("--java-warmup", type=float, default=8, help="the same on a virtual machine (%(default)s)")
    parser.add_argument("--open", default="chain", help="graphs whose latency is measured, or none (%(default)s)")
    parser.add_argument("--rates", default=",".join(map(str, FIXED_RATES)), help="tuples a second (%(default)s)")
    parser.add_argument("--shares", default=",".join(map(str, SHARES)), help="of each one's own closed loop (%(default)s)")
    parser.add_argument("--closed-from", type=Path, metavar="RESULTS",
                        help="run no closed loops: their throughput is in this results.json")
    parser.add_argument("--records", type=int, default=RECORDS, help="of the graph kafka, less for who is slow (%(default)s)")
    parser.add_argument("--spread", type=float, default=SPREAD_LIMIT,
                        help="least to most of the runs, in medians, beyond which there is no figure (%(default)s)")
    parser.add_argument("--noise", type=float, default=NOISE_LIMIT,
                        help="share of the machine that others may have during a run (%(default)s)")
    parser.add_argument("--smoke", action="store_true", help="each contestant once, tiny: shows that it runs")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/bench/bench")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/peers")
    parser.add_argument("--with", dest="more", action="append", default=[], metavar="NAME=COMMAND",
                        help="a further contestant for each graph, acked: a program that follows the protocol")
    options = parser.parse_args(given)
    if options.smoke:
        options.rounds, options.seconds, options.warmup, options.java_warmup = 1, 0.1, 0, 2
        options.open, options.records = "none", min(options.records, SMOKE_RECORDS)
    return options


def chosen(options: argparse.Namespace, graph: str) -> list[Case]:
    cases = cases_of(graph, options.systems.split(","), ROOT, options.programs)
    for entry in options.more:
        name, _, command = entry.partition("=")
        cases.append(Case(graph, name, ACKED, "default", tuple(shlex.split(command))))
    return [case for case in cases if re.search(options.only, case.name)]


class Driver:
    """Runs contestants; those of the graph kafka each with topics of their own."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._tool = Tool(str(options.programs / "bora_peer_bench"))
        self._records = options.records
        self._topics: Topics | None = None
        self._broker = broker_pids()

    def run(self, case: Case, load: Load) -> Run:
        if case.graph != "kafka":
            return execute(case, load, self._tool.oracle)
        if "BORA_KAFKA" not in os.environ:
            raise Unsupported("BORA_KAFKA does not say where a broker is: scripts/services with kafka -- ...")
        if self._topics is None:
            self._topics = Topics(self._tool, case.keys)
        topics, records = self._topics, case.records_of(self._records)
        try:
            with_topics = replace(load, more=topics.begin(records))
            return execute(case, with_topics, self._tool.oracle, self._broker,
                           lambda found: topics.look(found, records))
        finally:
            topics.end()

    def close(self) -> None:
        if self._topics is not None:
            self._topics.close()


def broker_pids() -> tuple[int, ...]:
    """Of scripts/services, whose work is no noise; a broker elsewhere does not disturb this machine."""
    path = ROOT / "build/services/kafka/pid"
    return (int(path.read_text(encoding="ascii").split()[0]),) if path.exists() else ()


def saturation_in(path: Path | None) -> dict[str, float]:
    """What cases took in closed loops of an earlier run."""
    if path is None:
        return {}
    return {figure["case"]: figure["throughput"]["median"]
            for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]
            if figure["rate"] == 0 and "throughput" in figure}


def unbuilt(cases: list[Case], driver: Driver) -> dict[str, str]:
    """Systems that cannot be used here, and why; builds the others, as their scripts do at first use."""
    absent: dict[str, str] = {}
    for case in cases:
        if case.is_java or case.system == "windflow":
            is_built = (ROOT / "build" / "peers" / case.system).exists()
            if case.system not in absent and not is_built:
                say(f"{case.system}: building, if need be")
                try:
                    driver.run(case, Load(0, 0, 0.2))
                    absent[case.system] = ""
                except Unsupported as why:
                    absent[case.system] = str(why)
    return {system: why for system, why in absent.items() if why}


def main(given: list[str]) -> int:
    options = arguments(given)
    graphs = [graph for graph in GRAPHS if graph in options.graphs.split(",")]
    cases = {graph: chosen(options, graph) for graph in graphs}
    driver = Driver(options)
    rounds = Rounds(driver.run, Lengths(options.rounds, options.seconds, options.warmup,
                                        options.java_warmup, options.noise), options.spread,
                    saturation_in(options.closed_from))
    described = machine.describe()
    try:
        absent = unbuilt([case for some in cases.values() for case in some], driver)
        rounds.results.absent |= absent
        for graph in graphs:
            present = [case for case in cases[graph] if case.system not in absent]
            if options.closed_from is None:
                rounds.closed(present)
            if graph in options.open.split(",") and graph != "kafka":
                rounds.open(present, [int(rate) for rate in options.rates.split(",") if rate],
                            [float(share) for share in options.shares.split(",") if share])
    finally:
        driver.close()
    peer_report.write(rounds.results, described, f"scripts/bench-peers {shlex.join(given)}".strip(),
                      options.out)
    print((options.out / "report.md").read_text(encoding="utf-8"))
    print(f"bench-peers: results.json, report.md and plots are in {options.out}/")
    # Saturation, noise and spread are findings; what is wrong is a failure.
    return int(any(figure.refused.startswith("WRONG") for figure in rounds.results.figures.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
