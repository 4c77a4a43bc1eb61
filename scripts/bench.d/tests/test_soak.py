"""The soak test sees what grows, and is not fooled by what only looks like it."""
import contextlib
import io
import math
import random
import unittest
from collections.abc import Callable

from soak import conclude
from soak_judge import BOUNDS, judge

TIMES = [30.0 * nth for nth in range(120)]  # an hour


def grows(name: str, value_at: Callable[[float], float], noise: float = 0.0) -> bool:
    dice = random.Random(7)
    return judge(name, TIMES, [value_at(at) + dice.gauss(0, noise) for at in TIMES]).grows


class Growth(unittest.TestCase):
    def test_a_leak_grows_even_under_noise(self) -> None:
        self.assertTrue(grows("memory", lambda at: 200 + at * 0.03, noise=10))
        self.assertTrue(grows("files", lambda at: 90 + at // 300))
        self.assertTrue(grows("threads", lambda at: 45 + at // 600))
        self.assertTrue(grows("latency", lambda at: 8 + at * 0.01, noise=1))
        self.assertTrue(grows("lag", lambda at: at * 10, noise=100))

    def test_what_is_steady_but_noisy_does_not(self) -> None:
        for name, value, noise in (("memory", 200, 10), ("files", 90, 2), ("threads", 45, 1),
                                   ("latency", 8, 3), ("lag", 500, 300)):
            self.assertFalse(grows(name, lambda _, value=value: value, noise), name)

    def test_a_cache_that_fills_does_not(self) -> None:
        self.assertFalse(grows("memory", lambda at: 400 - 300 * math.exp(-at / 600), noise=5))

    def test_a_stall_in_between_or_at_the_end_does_not(self) -> None:
        self.assertFalse(grows("latency", lambda at: 2000 if 1500 < at < 1900 else 8, noise=1))
        self.assertFalse(grows("latency", lambda at: 2000 if at > 3400 else 8, noise=1))

    def test_what_shrinks_does_not(self) -> None:
        self.assertFalse(grows("memory", lambda at: 400 - at * 0.05))

    def test_a_few_samples_decide_nothing(self) -> None:
        with self.assertRaisesRegex(ValueError, "too few"):
            judge("memory", TIMES[:5], TIMES[:5])


class OthersAtWork(unittest.TestCase):
    def samples(self, others: Callable[[float], float]) -> dict[str, list[float]]:
        count = len(TIMES)
        steady = {name: [50.0] * count for name in BOUNDS}
        return {"time": TIMES, **steady, "others": [others(at) for at in TIMES],
                "latency": [500.0 if others(at) > 0.5 else 8.0 for at in TIMES]}

    def conclude(self, samples: dict[str, list[float]]) -> tuple[list[str], bool]:
        with contextlib.redirect_stdout(io.StringIO()):
            return conclude(samples)

    def test_samples_that_others_disturbed_are_left_out_of_latency(self) -> None:
        self.assertEqual(([], False), self.conclude(self.samples(lambda at: 0.9 if at > 1800 else 0.0)))

    def test_with_too_few_quiet_samples_latency_is_not_judged(self) -> None:
        self.assertEqual(([], True), self.conclude(self.samples(lambda at: 0.9 if at > 100 else 0.0)))

    def test_memory_is_judged_whatever_others_do(self) -> None:
        samples = self.samples(lambda _: 0.9) | {"memory": [100 + at * 0.1 for at in TIMES]}
        faults, is_noisy = self.conclude(samples)
        self.assertTrue(is_noisy)
        self.assertEqual(1, len(faults))
        self.assertIn("memory", faults[0])


if __name__ == "__main__":
    unittest.main()
