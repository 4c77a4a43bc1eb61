"""The soak test sees what grows, and is not fooled by what only looks like it."""
import math
import random
import unittest
from collections.abc import Callable

from soak_judge import judge

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


if __name__ == "__main__":
    unittest.main()
