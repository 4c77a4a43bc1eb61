"""The regression gate fails when the engine falls behind, and only then."""
import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import gate


def results(rate: float = 0.9, cpu: float = 1.1, spread: float = 0.05, disturbed: int = 0) -> dict[str, Any]:
    def ratio(value: float) -> dict[str, float]:
        return {"median": value, "min": value * (1 - spread), "max": value * (1 + spread)}
    suites: dict[str, list[dict[str, Any]]] = {}
    for suite, engine, floor in gate.PAIRS:
        suites.setdefault(suite, []).append(
            {"name": engine, "ratio_to": {floor: {gate.RATE: ratio(rate), gate.CPU: ratio(cpu)}},
             "rounds": [{"disturbed": nth < disturbed} for nth in range(5)]})
    return {"suites": [{"name": name, "contestants": some} for name, some in suites.items()]}


class TheGate(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.recorded = self.folder / "recorded.json"
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.run_gate(results(), "--record")

    def run_gate(self, found: dict[str, Any], *options: str) -> int:
        path = self.folder / "results.json"
        path.write_text(json.dumps(found), encoding="utf-8")
        results_option = [] if "--names" in options else ["--results", str(path)]
        return gate.main([*results_option, *[str(path) if option == "FILE" else option for option in options],
                          "--recorded", str(self.recorded)])

    def test_it_passes_what_was_recorded_and_a_little_less(self) -> None:
        self.assertEqual(0, self.run_gate(results()))
        self.assertEqual(0, self.run_gate(results(rate=0.83, cpu=1.2)))

    def test_it_fails_when_a_recorded_ratio_is_doubled(self) -> None:
        text = json.loads(self.recorded.read_text(encoding="utf-8"))
        name = "chain: rate of engine.acked to ring.acked"
        text["ratios"][name] *= 2
        self.recorded.write_text(json.dumps(text), encoding="utf-8")
        self.assertEqual(1, self.run_gate(results()))

    def test_it_fails_when_a_tuple_costs_more_cpu(self) -> None:
        self.assertEqual(1, self.run_gate(results(cpu=1.3)))

    def test_noise_makes_it_undecided_but_excuses_no_more_than_it_explains(self) -> None:
        self.assertEqual(3, self.run_gate(results(rate=0.7, cpu=1.1, spread=0.4)))
        self.assertEqual(1, self.run_gate(results(rate=0.4, cpu=1.1, spread=0.4)))
        self.assertEqual(1, self.run_gate(results(rate=0.7, disturbed=5)))

    def test_a_recorded_ratio_that_nobody_measures_any_more_fails(self) -> None:
        found = results()
        found["suites"].pop()
        self.assertEqual(1, self.run_gate(found))

    def test_the_smoke_sees_names_and_no_figures(self) -> None:
        self.assertEqual(0, self.run_gate(results(rate=0.01, cpu=50), "--names", "FILE"))
        found = results()
        found["suites"].pop()
        self.assertEqual(1, self.run_gate(found, "--names", "FILE"))

    def test_the_recorded_ratios_of_the_repository_are_those_that_it_measures(self) -> None:
        recorded = json.loads(gate.RECORDED.read_text(encoding="utf-8"))["ratios"]
        self.assertEqual(set(gate.ratios_in(results())), set(recorded))


if __name__ == "__main__":
    unittest.main()
