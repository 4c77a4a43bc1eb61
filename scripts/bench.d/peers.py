"""Runs Bora, floors by hand and its peers alternately, refuses what is broken, writes tables and plots."""
import argparse
import json
import math
import os
import re
import shlex
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import machine
import peer_report
from peer_cases import ACKED, GRAPHS, SYSTEMS, Case, cases_of
from peer_journal import Journal
from peer_plans import PLANS, Plan, Stage, plain
from peer_rounds import FIXED_RATES, SHARES, Lengths, OutOfTime, Point, Results, Rounds, say
from peer_runs import NOISE_LIMIT, SPREAD_LIMIT, Load, Run, Unsupported, execute
from peer_tools import RECORDS, SMOKE_RECORDS, Tool, Topics

ROOT = Path(__file__).resolve().parents[2]


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-peers", description=__doc__)
    parser.add_argument("--plan", choices=sorted(PLANS), help="what to run in which order: all that is published")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no run that would end later")
    parser.add_argument("--resume", action="store_true", help="go on with what is in --out")
    parser.add_argument("--estimate", action="store_true", help="run nothing: say how long it would take")
    parser.add_argument("--graphs", default=",".join(GRAPHS), help="of %(default)s")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="of %(default)s")
    parser.add_argument("--only", default="", help="contestants whose graph/system.variant.guarantee has this regular expression")
    parser.add_argument("--rounds", type=int, default=5, help="at most, with --plan (%(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="that are measured, of each run (%(default)s)")
    parser.add_argument("--warmup", type=float, default=1, help="seconds before (%(default)s)")
    parser.add_argument("--java-warmup", type=float, default=8, help="the same on a virtual machine (%(default)s)")
    parser.add_argument("--java-seconds", type=float, help="that are measured on one, if not --seconds")
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
    plan, _ = parser.parse_known_args(given)
    if plan.plan:
        parser.set_defaults(**PLANS[plan.plan].defaults, out=ROOT / "build/bench" / plan.plan)
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


def plan_of(options: argparse.Namespace) -> Plan:
    """What is to run, as far as it is asked for."""
    plan = PLANS[options.plan] if options.plan else plain(options.graphs, options.rounds, options.open,
                                                          options.rates, options.shares)
    wanted = options.graphs.split(",")
    made: list[Stage] = []
    for stage in plan.stages:
        graphs = tuple(graph for graph in stage.graphs if graph in wanted)
        narrowed = replace(stage, graphs=graphs, rounds=min(stage.rounds, options.rounds))
        skipped = not graphs or (options.closed_from is not None and not stage.is_open)
        if not skipped and narrowed not in made:
            made.append(narrowed)
    return replace(plan, stages=tuple(made))


class Whole:
    """All stages; what they gave is written after each round."""

    def __init__(self, options: argparse.Namespace, given: list[str]) -> None:
        self._options = options
        self._how = f"scripts/bench-peers {shlex.join(given)}".strip()
        self._plan = plan_of(options)
        self._ends = time.monotonic() + 60 * options.minutes
        self._driver = Driver(options)
        self._described = machine.describe()
        self._journal = Journal(options.out, self._driver.run, options.records, self._described["commit"],
                                resume=options.resume or options.estimate)
        lengths = Lengths(options.rounds, options.seconds, options.warmup, options.java_warmup, options.noise,
                          options.java_seconds, self._plan.warmups)
        self._rounds = Rounds(self._journal.run, lengths, options.spread, saturation_in(options.closed_from),
                              self.write, lambda: self._ends - time.monotonic())

    @property
    def results(self) -> Results:
        return self._rounds.results

    def run(self) -> None:
        """Until all is done, the time is over, or somebody stops it."""
        stages = list(self._plan.stages)
        try:
            absent = unbuilt([case for stage in stages for case in self._cases(stage)], self._driver)
            self.results.absent |= absent
            while stages:
                cases = [case for case in self._cases(stages[0]) if case.system not in absent]
                self._rounds.run(self._points(stages[0], cases), stages[0].rounds)
                stages.pop(0)
        except (OutOfTime, KeyboardInterrupt) as why:
            reason = "out of time" if isinstance(why, OutOfTime) else "stopped"
            self.results.cut = [f"{stage.text}: {reason}" for stage in stages]
            say(f"{reason}: what is missing is in the report; --resume goes on")
        finally:
            self._driver.close()
            self.write()

    def estimate(self) -> str:
        """Shares of saturation are taken for so many further rates, as nothing is known of them."""
        total, lines, had = 0.0, [], set()
        for stage in self._plan.stages:
            points = [(case, rate) for case in self._cases(stage)
                      for rate in (*stage.rates, *range(1, len(stage.shares) + 1)) or (0,)]
            runs = [(*point, nth) for point in points for nth in range(stage.rounds)]
            seconds = self._rounds.seconds_of([(case, rate) for case, rate, nth in runs
                                               if (case, rate, nth) not in had])
            had.update(runs)
            total += seconds
            lines.append(f"{seconds / 60:5.1f} min, {total / 60:5.1f} in all: {stage.text}")
        return "\n".join(lines)

    def write(self) -> None:
        commits = {"commit": ", ".join(sorted(self._journal.commits))} if self._journal.commits else {}
        peer_report.write(self.results, self._described | commits, self._how, self._options.out)

    def _cases(self, stage: Stage) -> list[Case]:
        return [case for graph in stage.graphs for case in chosen(self._options, graph)
                if re.search(stage.only, case.name)]

    def _points(self, stage: Stage, cases: list[Case]) -> list[Point]:
        if not stage.is_open:
            return [(case, 0) for case in cases]
        return [(case, rate) for case in cases for rate in self._rounds.rates_of(case, stage.rates, stage.shares)]


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def main(given: list[str]) -> int:
    options = arguments(given)
    whole = Whole(options, given)
    if options.estimate:
        print(whole.estimate())
        return 0
    signal.signal(signal.SIGTERM, stop)
    whole.run()
    print((options.out / "report.md").read_text(encoding="utf-8"))
    print(f"bench-peers: results.json, report.md and plots are in {options.out}/")
    # Saturation, noise and spread are findings; what is wrong is a failure.
    return int(any(figure.refused.startswith("WRONG") for figure in whole.results.figures.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
