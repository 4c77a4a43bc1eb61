"""The driver of the peer benchmarks refuses what is broken, and says why."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from fake_contestant import CHECKSUM, oracle, result
from machine import Noise
from peer_cases import ACKED, Case, cases_of
from peer_figures import figure_of
from peer_report import as_markdown, plots, write
from peer_rounds import Lengths, Rounds
from peer_runs import Load, Run, Unsupported, execute, judge
from peers import saturation_in

FAKE = Path(__file__).parent / "fake_contestant.py"
CLOSED, OPEN, INSTANT = Load(0, 1, 4), Load(20_000, 1, 4), Load(0, 0, 0)


def case_with(fault: str, name: str = "fake") -> Case:
    return Case("chain", name, ACKED, "default", (sys.executable, "-S", str(FAKE), "--fault", fault))


def run_of(fault: str = "none", load: Load = CLOSED, throughput: float = 1e6,
           noise: Noise = Noise(0.0, 0.0)) -> Run:
    run = Run(json=result(fault, load.rate, throughput), noise=noise)
    judge(run, case_with(fault), load, oracle)
    return run


class OneRun(unittest.TestCase):
    def test_a_good_run_has_nothing_wrong(self) -> None:
        self.assertTrue(run_of().is_good)

    def test_a_lost_tuple_is_seen_whatever_the_contestant_says(self) -> None:
        self.assertIn("99,999 outputs instead of 100,000", run_of("lose").wrong[0])
        # Both of its own counts agree; the oracle's does not.
        self.assertIn("the oracle 100,000", run_of("miscount").wrong[0])

    def test_a_wrong_checksum_is_seen(self) -> None:
        self.assertIn(f"instead of {CHECKSUM}", run_of("reorder").wrong[0])

    def test_a_result_that_lacks_a_field_is_wrong(self) -> None:
        run = Run(json={"sent": 1})
        judge(run, case_with("none"), CLOSED, oracle)
        self.assertIn("does not follow the protocol", run.wrong[0])

    def test_saturation_is_seen_in_the_rate_even_if_the_contestant_is_silent(self) -> None:
        self.assertTrue(run_of("saturate", OPEN).saturated)
        quiet = Run(json=result("none", OPEN.rate, 0) | {"throughput": 19_000})
        judge(quiet, case_with("none"), OPEN, oracle)
        self.assertTrue(quiet.saturated)

    def test_a_run_that_still_gets_faster_is_unfit(self) -> None:
        self.assertIn("not warm", run_of("cold").unfit[0])
        self.assertTrue(run_of("cold").is_disturbed)

    def test_a_run_that_warmed_up_longer_is_looked_at_from_then_on(self) -> None:
        late = Run(json=result("none", 0, 1e6) | {"per_second": [1, 2, 3, 9, 9, 9], "warmup_seconds": 3.002})
        judge(late, case_with("none"), CLOSED, oracle)
        self.assertEqual([], late.unfit)
        late.json["warmup_seconds"] = 1.0
        judge(late, case_with("none"), CLOSED, oracle)
        self.assertIn("not warm: 2 in the first", late.unfit[0])

    def test_a_run_that_did_nothing_is_unfit(self) -> None:
        self.assertIn("nothing was completed", run_of(throughput=0).unfit[0])

    def test_a_noisy_machine_makes_a_run_unfit(self) -> None:
        self.assertIn("others had 30%", run_of(noise=Noise(0.3, 0.0)).unfit[0])
        self.assertIn("the hypervisor 20%", run_of(noise=Noise(0.0, 0.2)).unfit[0])

    def test_a_process_that_crashes_or_babbles_is_wrong(self) -> None:
        with mock.patch("peer_runs.noise_between", return_value=Noise(0.0, 0.0)):
            self.assertIn("it hurts", execute(case_with("crash"), INSTANT, oracle).wrong[0])
            self.assertIn("no result", execute(case_with("garbage"), INSTANT, oracle).wrong[0])
            self.assertTrue(execute(case_with("none"), INSTANT, oracle).is_good)

    def test_a_process_that_ends_before_its_time_is_wrong_whatever_its_clock_says(self) -> None:
        with mock.patch("peer_runs.noise_between", return_value=Noise(0.0, 0.0)):
            self.assertIn("less than the 1 + 4 s", execute(case_with("none"), OPEN, oracle).wrong[0])

    def test_more_completed_than_sent_is_wrong(self) -> None:
        self.assertIn("completed 102,000 of the 100,000 tuples", run_of("overcount").wrong[0])

    def test_a_run_above_the_intended_rate_is_unfit(self) -> None:
        run = run_of("ahead", OPEN)
        self.assertFalse(run.saturated or run.wrong)
        self.assertIn("ahead: completed 21,000 of 20,000", run.unfit[0])
        self.assertTrue(run_of("ahead").is_good)  # a closed loop has no rate

    def test_a_latency_that_is_the_source_s_is_unfit(self) -> None:
        self.assertIn("late source: 2,500 us at p99, of a latency of 3,000 us", run_of("late", OPEN).unfit[0])

    def test_a_source_may_be_late_by_a_share_or_by_what_a_wake_up_takes(self) -> None:
        for late, p99 in ((1_900.0, 3_000.0), (900.0, 901.0)):
            found = result("late", OPEN.rate, 0)
            found |= {"source_late_us_p99": late, "latency_us": found["latency_us"] | {"p99": p99}}
            run = Run(json=found)
            judge(run, case_with("none"), OPEN, oracle)
            self.assertTrue(run.is_good, run.unfit)

    def test_a_combination_that_it_does_not_have_is_no_run(self) -> None:
        with self.assertRaisesRegex(Unsupported, "not supported: anything"):
            execute(case_with("unsupported"), CLOSED, oracle)


class AFigure(unittest.TestCase):
    def test_it_is_the_median_between_least_and_most(self) -> None:
        figure = figure_of([run_of(throughput=value) for value in (1.0e6, 1.2e6, 0.9e6)])
        assert figure.throughput is not None
        self.assertEqual((1.0e6, 0.9e6, 1.2e6),
                         (figure.throughput.median, figure.throughput.least, figure.throughput.most))

    def test_one_wrong_run_refuses_it(self) -> None:
        figure = figure_of([run_of(), run_of("lose"), run_of()])
        self.assertTrue(figure.refused.startswith("WRONG"))
        self.assertIsNone(figure.throughput)

    def test_saturated_runs_are_never_averaged_in(self) -> None:
        figure = figure_of([run_of(load=OPEN), run_of("saturate", OPEN), run_of(load=OPEN)])
        self.assertIn("SATURATED in 1 of 3 runs: completed 10,000 of 20,000", figure.refused)
        self.assertEqual({}, figure.latency_us)

    def test_late_sources_and_runs_above_the_rate_give_no_latency(self) -> None:
        for fault, reason in (("late", "late source"), ("ahead", "ahead")):
            figure = figure_of([run_of(fault, OPEN), run_of(fault, OPEN), run_of(load=OPEN)])
            self.assertRegex(figure.refused, f"^UNFIT: 2 of 3 runs, such as: {reason}")
            self.assertEqual({}, figure.latency_us)

    def test_noisy_runs_are_left_out_and_named(self) -> None:
        noisy = Noise(0.3, 0.0)
        figure = figure_of([run_of(), run_of(throughput=5e5, noise=noisy), run_of()])
        assert figure.throughput is not None
        self.assertEqual(1e6, figure.throughput.least)
        self.assertEqual(1, len(figure.left_out))
        self.assertIn("UNFIT: 2 of 3", figure_of([run_of(), run_of(noise=noisy), run_of(noise=noisy)]).refused)

    def test_a_spread_beyond_the_bound_refuses_it(self) -> None:
        self.assertIn("SPREAD", figure_of([run_of(throughput=value) for value in (1e6, 1.6e6, 1e6)]).refused)

    def test_of_five_runs_one_may_lie_apart_and_is_shown(self) -> None:
        one = figure_of([run_of(throughput=value) for value in (1e6, 1.6e6, 1e6, 1e6, 1e6)])
        self.assertEqual(("", 1.6e6), (one.refused, one.throughput.most if one.throughput else 0))
        two = figure_of([run_of(throughput=value) for value in (1e6, 1.6e6, 1.6e6, 1e6, 1e6)])
        self.assertIn("SPREAD", two.refused)


class AllRounds(unittest.TestCase):
    def setUp(self) -> None:
        self.order: list[str] = []
        silence = mock.patch("peer_rounds.say")
        silence.start()
        self.addCleanup(silence.stop)

    def runner(self, case: Case, load: Load) -> Run:
        self.order.append(case.system)
        if case.system == "absent":
            raise Unsupported("nobody built it")
        return run_of("lose" if case.system == "loses" else "saturate", load)

    def rounds_of(self, *names: str) -> Rounds:
        rounds = Rounds(self.runner, Lengths(3, 1, 0, 0), 0.5)
        rounds.closed([case_with("none", name) for name in names])
        return rounds

    def test_they_alternate_and_every_other_one_runs_backwards(self) -> None:
        self.rounds_of("a", "b")
        self.assertEqual(["a", "b", "b", "a", "a", "b"], self.order)

    def test_who_is_wrong_or_absent_is_not_run_again(self) -> None:
        rounds = self.rounds_of("loses", "absent", "a")
        self.assertEqual((1, 1, 3), tuple(map(self.order.count, ("loses", "absent", "a"))))
        self.assertEqual(["nobody built it"], list(rounds.results.absent.values()))

    def test_rates_are_shares_of_each_ones_own_closed_loop(self) -> None:
        rounds = self.rounds_of("a", "loses")
        good, wrong = case_with("none", "a"), case_with("none", "loses")
        self.assertEqual([20_000, 100_000, 900_000], rounds.rates_of(good, [20_000], [0.1, 0.9]))
        self.assertEqual([20_000], rounds.rates_of(wrong, [20_000], [0.1, 0.9]))

    def test_closed_loops_of_an_earlier_run_serve_as_well(self) -> None:
        rounds = self.rounds_of("a")
        with tempfile.TemporaryDirectory() as folder:
            write(rounds.results, {}, "x", Path(folder))
            known = saturation_in(Path(folder) / "results.json")
        later = Rounds(self.runner, Lengths(1, 1, 0, 0), 0.5, known)
        self.assertEqual([500_000], later.rates_of(case_with("none", "a"), [], [0.5]))
        self.assertEqual([], later.rates_of(case_with("none", "b"), [], [0.5]))

    def test_the_report_prints_the_reason_in_place_of_the_number(self) -> None:
        rounds = self.rounds_of("loses", "a")
        rounds.open([case_with("none", "a")], [20_000], [])
        text = as_markdown(rounds.results, {"cores": "2"}, "scripts/bench-peers")
        self.assertIn("| loses (at-least-once) | **WRONG: 99,999 outputs", text)
        self.assertIn("| a (at-least-once) | 20,000 | 2% | **SATURATED in 3 of 3", text)
        self.assertIn("| a (at-least-once) | 1.000 |", text)
        self.assertIn("99,999 outputs", plots(rounds.results)["throughput-chain.svg"])
        with tempfile.TemporaryDirectory() as folder:
            write(rounds.results, {}, "x", Path(folder))
            self.assertEqual({"results.json", "report.md", "throughput-chain.svg", "cpu-chain.svg",
                              "latency-chain.svg"}, {path.name for path in Path(folder).iterdir()})


class TheMatrix(unittest.TestCase):
    def test_every_name_is_there_once(self) -> None:
        for graph in ("chain", "fan", "kafka"):
            names = [case.name for case in cases_of(graph, ("bora", "floor", "storm", "flink"), FAKE, FAKE)]
            self.assertEqual(len(names), len(set(names)))
            self.assertTrue(names)


if __name__ == "__main__":
    unittest.main()
