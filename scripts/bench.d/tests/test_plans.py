"""Rounds may be cut short at any time: what ran stays, is published, and is not run again."""
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from fake_contestant import oracle, result
from machine import Noise
from peer_cases import ACKED, Case
from peer_journal import NAME, Journal
from peer_plans import PLANS, Plan, Stage, plain
from peer_rounds import Lengths, OutOfTime, Rounds
from peer_runs import Load, Run, Unsupported, judge
from peers import Whole, arguments, plan_of


def case_of(system: str, graph: str = "chain") -> Case:
    return Case(graph, system, ACKED, "default", ("false",))


class Fixture(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.ran: list[str] = []
        self.stop_at = 0
        for name in ("peer_rounds.say", "peers.say", "builtins.print"):
            silence = mock.patch(name)
            silence.start()
            self.addCleanup(silence.stop)

    def runner(self, case: Case, load: Load) -> Run:
        self.ran.append(case.system)
        if len(self.ran) == self.stop_at:
            raise KeyboardInterrupt
        if case.system == "absent":
            raise Unsupported("nobody built it")
        run = Run(json=result("none", load.rate, 1e6 + len(self.ran)))
        judge(run, case, load, oracle)
        return run

    def journal(self, *, resume: bool) -> Journal:
        return Journal(self.folder, self.runner, 1000, "c0ffee", resume=resume)


class Journals(Fixture):
    load = Load(20_000, 0.5, 2)

    def test_a_run_that_is_written_down_is_not_run_again(self) -> None:
        journal = self.journal(resume=False)
        first = [journal.run(case_of("a"), self.load) for _ in range(2)]
        again = self.journal(resume=True)
        self.assertEqual([run.json for run in first],
                         [again.run(case_of("a"), self.load).json for _ in range(2)])
        self.assertEqual(2, len(self.ran))
        again.run(case_of("a"), self.load)
        self.assertEqual(3, len(self.ran))

    def test_verdicts_are_kept(self) -> None:
        bad = Run(json={"x": 1}, wrong=["w"], unfit=["u"], saturated=True)
        Journal(self.folder, lambda *_: bad, 0, "c0ffee", resume=False).run(case_of("a"), self.load)
        self.assertEqual(bad, self.journal(resume=True).run(case_of("a"), self.load))

    def test_another_load_or_number_of_records_is_another_run(self) -> None:
        self.journal(resume=False).run(case_of("a", "kafka"), self.load)
        self.assertFalse(self.journal(resume=True).has(case_of("a", "kafka"), Load(20_000, 1, 2)))
        self.assertTrue(self.journal(resume=True).has(case_of("a", "kafka"), self.load))
        fewer = Journal(self.folder, self.runner, 999, "c0ffee", resume=True)
        self.assertFalse(fewer.has(case_of("a", "kafka"), self.load))

    def test_who_was_absent_is_asked_again(self) -> None:
        for resume in (False, True):
            with self.assertRaisesRegex(Unsupported, "nobody built it"):
                self.journal(resume=resume).run(case_of("absent"), self.load)
        self.assertEqual(["absent", "absent"], self.ran)

    def test_half_a_line_is_no_run(self) -> None:
        self.journal(resume=False).run(case_of("a"), self.load)
        with (self.folder / NAME).open("a", encoding="utf-8") as file:
            file.write('{"of": "chain')
        again = self.journal(resume=True)
        self.assertTrue(again.has(case_of("a"), self.load))
        for _ in range(2):  # the second is written after the half line
            again.run(case_of("a"), self.load)
        self.assertEqual(2, len((self.folder / NAME).read_text(encoding="utf-8").splitlines()))

    def test_commits_of_all_runs_are_known(self) -> None:
        self.journal(resume=False).run(case_of("a"), self.load)
        later = Journal(self.folder, self.runner, 1000, "decaf", resume=True)
        self.assertEqual(set(), later.commits)
        for _ in range(2):
            later.run(case_of("a"), self.load)
        self.assertEqual({"c0ffee", "decaf"}, later.commits)

    def test_without_resume_nothing_is_left_of_before(self) -> None:
        self.journal(resume=False).run(case_of("a"), self.load)
        self.assertFalse(self.journal(resume=False).has(case_of("a"), self.load))


class CutShort(Fixture):
    def rounds(self, seconds: list[float]) -> Rounds:
        """The first so many runs have time."""
        return Rounds(self.runner, Lengths(3, 1, 0, 0), 0.5, seconds_left=lambda: seconds.pop(0))

    def test_a_run_that_would_end_too_late_is_not_begun_and_what_ran_is_a_figure(self) -> None:
        rounds = self.rounds([9, 9, 9, 0.5])
        with self.assertRaises(OutOfTime):
            rounds.closed([case_of("a"), case_of("b")])
        self.assertEqual(["a", "b", "b"], self.ran)
        self.assertEqual([1, 2], [figure.runs for figure in rounds.results.figures.values()])

    def test_figures_are_there_after_each_round(self) -> None:
        seen: list[list[int]] = []
        rounds = Rounds(self.runner, Lengths(2, 1, 0, 0), 0.5, on_round=lambda: seen.append(
            [figure.runs for figure in rounds.results.figures.values()]))
        rounds.closed([case_of("a"), case_of("b")])
        self.assertEqual([[1, 1], [2, 2]], seen)

    def test_more_rounds_of_the_same_go_on_from_those_before(self) -> None:
        rounds = Rounds(self.runner, Lengths(5, 1, 0, 0), 0.5)
        rounds.closed([case_of("a")], 3)
        rounds.closed([case_of("a"), case_of("b")], 5)
        self.assertEqual((5, 5), (self.ran.count("a"), self.ran.count("b")))


class Repeats(Fixture):
    def counts(self, faults: list[str]) -> tuple[int, int]:
        """How many of three were run, and were good, when the first runs have these faults."""
        def runner(case: Case, load: Load) -> Run:
            self.ran.append(case.system)
            fault = faults.pop(0) if faults else "none"
            noise = Noise(0.3, 0.0) if fault == "noise" else Noise(0.0, 0.0)
            run = Run(json=result(fault, load.rate, 1e6), noise=noise)
            judge(run, case, load, oracle)
            return run
        rounds = Rounds(runner, Lengths(3, 4, 1, 0), 0.5)
        rounds.closed([case_of("a")])
        figure, = rounds.results.figures.values()
        self.assertEqual(figure.runs, len(self.ran))
        return figure.runs, figure.good

    def test_a_disturbed_run_is_run_again_and_stays_in_the_report(self) -> None:
        self.assertEqual((4, 3), self.counts(["noise"]))

    def test_so_is_one_that_was_not_warm(self) -> None:
        self.assertEqual((5, 3), self.counts(["cold", "none", "noise"]))

    def test_not_for_ever(self) -> None:
        self.assertEqual((5, 0), self.counts(["noise"] * 9))

    def test_what_says_something_about_the_contestant_is_not_repeated(self) -> None:
        self.assertEqual((1, 0), self.counts(["lose"]))
        self.ran.clear()
        self.assertEqual((3, 3), self.counts([]))

    def test_more_rounds_count_what_was_not_disturbed(self) -> None:
        faults = ["noise"]
        def runner(case: Case, load: Load) -> Run:
            noise = Noise(0.3, 0.0) if faults and faults.pop() else Noise(0.0, 0.0)
            run = Run(json=result("none", load.rate, 1e6), noise=noise)
            judge(run, case, load, oracle)
            return run
        rounds = Rounds(runner, Lengths(5, 1, 0, 0), 0.5)
        rounds.closed([case_of("a")], 3)
        rounds.closed([case_of("a")], 5)
        figure, = rounds.results.figures.values()
        self.assertEqual((6, 5), (figure.runs, figure.good))


class Shares(Fixture):
    def test_further_rounds_do_not_change_the_rates(self) -> None:
        rates = iter([1e6, 2e6, 3e6])
        def runner(case: Case, load: Load) -> Run:
            return Run(json=result("none", load.rate, next(rates)))
        rounds = Rounds(runner, Lengths(3, 1, 0, 0), 9.0)
        rounds.closed([case_of("a")], 1)
        before = rounds.rates_of(case_of("a"), (20_000,), (0.5,))
        rounds.closed([case_of("a")], 3)
        self.assertEqual(([20_000, 500_000], [20_000, 500_000]),
                         (before, rounds.rates_of(case_of("a"), (20_000,), (0.5,))))


class TheWhole(Fixture):
    def whole(self, *given: str) -> Whole:
        options = arguments(["--out", str(self.folder), "--graphs", "chain", "--systems", "bora", "--only",
                             "bora.default", "--rounds", "2", "--seconds", "0.1", *given])
        with mock.patch("peers.Driver") as driver:
            driver.return_value.run = self.runner
            return Whole(options, list(given))

    def test_who_is_stopped_has_a_report_and_goes_on_where_it_was(self) -> None:
        self.stop_at = 4
        self.whole("--open", "none").run()
        found = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        self.assertEqual(3, sum(figure["runs"] for figure in found["figures"]))
        report = self.folder / "report.md"
        self.assertIn("chain: 2 rounds, closed loop: stopped", report.read_text(encoding="utf-8"))
        self.stop_at = 0
        self.whole("--resume", "--open", "none").run()
        self.assertEqual(5, len(self.ran))  # the one that was stopped, again
        self.assertNotIn("Cut short", report.read_text(encoding="utf-8"))

    def test_it_runs_closed_loops_and_then_shares_of_them(self) -> None:
        self.whole("--shares", "0.5", "--rates", "").run()
        found = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        self.assertEqual({0, 500_000}, {figure["rate"] for figure in found["figures"]})

    def test_an_estimate_runs_and_removes_nothing(self) -> None:
        (self.folder / NAME).write_text("", encoding="utf-8")
        self.assertRegex(self.whole("--estimate").estimate(), "in all: chain: 2 rounds, closed loop\n")
        self.assertEqual([], self.ran)
        self.assertTrue((self.folder / NAME).exists())


class Plans(unittest.TestCase):
    def test_what_is_published_has_all_graphs_rates_and_shares_in_five_rounds(self) -> None:
        stages = [stage for stage in PLANS["published"].stages if stage.rounds == 5]
        self.assertEqual({"chain", "wordcount", "fan", "spike", "window", "kafka"},
                         {graph for stage in stages if not stage.is_open for graph in stage.graphs})
        self.assertEqual({20_000, 200_000, 0.1, 0.5, 0.9},
                         {load for stage in stages for load in (*stage.rates, *stage.shares)})

    def test_fewer_graphs_and_rounds_narrow_a_plan(self) -> None:
        options = arguments(["--plan", "published", "--graphs", "kafka", "--rounds", "2", "--warmup", "3"])
        self.assertEqual((Stage(("kafka",), 2),), plan_of(options).stages)
        self.assertEqual((2, 3), (options.seconds, options.warmup))

    def test_a_warm_up_is_of_the_graph_s_system_before_that_of_the_system(self) -> None:
        lengths = Lengths(1, 1, 0.5, 6, warmups={"storm": 10, "kafka/storm": 7})
        self.assertEqual([10, 7, 6, 0.5], [lengths.load(case_of(system, graph), 0).warmup for system, graph in (
            ("storm", "chain"), ("storm", "kafka"), ("flink", "kafka"), ("bora", "kafka"))])

    def test_without_a_plan_each_graph_is_closed_and_then_open(self) -> None:
        self.assertEqual(Plan((Stage(("chain",), 5), Stage(("chain",), 5, rates=(1,), shares=(0.5,)),
                               Stage(("kafka",), 5))), plain("kafka,chain", 5, "chain,kafka", "1", "0.5"))


if __name__ == "__main__":
    unittest.main()
