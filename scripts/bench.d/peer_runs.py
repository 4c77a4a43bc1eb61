"""One run of one contestant: started, read, looked at for what is wrong with it."""
import json
import math
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from machine import Noise, Reading, noise_between
from peer_cases import Case

LAST_SECOND_OVER_FIRST = 1.25
NOISE_LIMIT = 0.10
SPREAD_LIMIT = 0.5
SATURATED_BELOW = 0.97
# As far above the intended rate as saturation is below it: a run that catches up, replays, or has a clock
# that goes wrong.
AHEAD_ABOVE = 1.03
# A latency is the source's when at the 99th percentile two thirds of it are the source's own lateness, twice
# what the system adds. Up to ten of its intervals of 100 us that is what waking a thread costs here.
LATE_SHARE = 2 / 3
LATE_FROM_US = 1_000.0

# What another run may not have, by no fault of the contestant: these are repeated.
NOISY, NOT_WARM = "noise", "not warm"

# What so many tuples must give: (graph, tuples, keys) -> (outputs, checksum).
Oracle = Callable[[str, int, int], tuple[int, str]]


class Unsupported(Exception):
    """The contestant says that it has no such combination, or cannot be built here."""


@dataclass
class Run:
    """`wrong` makes every figure of the contestant worthless, `unfit` makes this run worthless."""
    json: dict[str, Any] = field(default_factory=dict)
    noise: Noise = Noise(0.0, 0.0)
    wrong: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    saturated: bool = False

    @property
    def is_good(self) -> bool:
        return not (self.wrong or self.unfit or self.saturated)

    @property
    def is_disturbed(self) -> bool:
        """It says nothing about the contestant; one that says something bad about it is not disturbed."""
        return (bool(self.unfit) and not self.wrong and not self.saturated
                and all(reason.startswith((NOISY, NOT_WARM)) for reason in self.unfit))


@dataclass(frozen=True)
class Load:
    rate: int
    warmup: float
    seconds: float
    more: tuple[str, ...] = ()
    noise_limit: float = NOISE_LIMIT

    def options(self, case: Case) -> list[str]:
        return ["--graph", case.graph, "--guarantee", case.guarantee, "--variant", case.variant,
                "--rate", str(self.rate), "--warmup", f"{self.warmup:g}", "--seconds",
                f"{self.seconds:g}", "--keys", str(case.keys), *self.more]


def execute(case: Case, load: Load, oracle: Oracle, servers: tuple[int, ...] = (),
            look: Callable[[dict[str, Any]], None] | None = None) -> Run:
    """Raises Unsupported when the contestant ends with 2. `look` may put what it finds itself in place of
    what the contestant says it received."""
    before, began = Reading.now(servers), time.monotonic()
    patience = 120 + 3 * (load.warmup + load.seconds)
    try:
        ended = subprocess.run([*case.command, *load.options(case)], capture_output=True, text=True,
                               timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return Run(wrong=[f"it has not ended after {patience:.0f} s"])
    except OSError as error:
        raise Unsupported(str(error)) from error
    took = time.monotonic() - began
    run = Run(noise=noise_between(before, Reading.now(servers)))
    said = ended.stderr.strip().splitlines()
    if ended.returncode == 2:
        raise Unsupported(said[-1] if said else "it ended with code 2")
    try:
        run.json = json.loads(ended.stdout.strip().splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        last = said[-1] if said else ""
        run.wrong.append(f"no result: it ended with code {ended.returncode}: {last}"[:200])
        return run
    if look is not None:
        look(run.json)
    judge(run, case, load, oracle)
    if load.rate and took < load.warmup + load.seconds:
        run.wrong.append(f"it ended after {took:.1f} s, which is less than the {load.warmup:g} + "
                         f"{load.seconds:g} s it was to run for: its clock is wrong")
    if ended.returncode != 0 and not run.wrong:
        run.wrong.append(f"it ended with code {ended.returncode}")
    return run


def judge(run: Run, case: Case, load: Load, oracle: Oracle) -> None:
    """Notes what is wrong with a run that gave a result."""
    found = run.json
    try:
        received, expected, sent = found["received"], found["expected"], found["sent"]
        checksum, throughput = int(found["checksum"], 16), found["throughput"]
        replays = found.get("replays") or 0
    except (KeyError, TypeError, ValueError) as error:
        run.wrong.append(f"its result does not follow the protocol: {error}")
        return
    outputs, sum_of_outputs = oracle(case.graph, sent, case.keys)
    if expected != outputs:
        run.wrong.append(f"expects {expected:,} outputs of {sent:,} tuples, the oracle {outputs:,}")
    if received != outputs and not (replays and received > outputs):
        run.wrong.append(f"{received:,} outputs instead of {outputs:,}")
    elif received == outputs and checksum != int(sum_of_outputs, 16):
        run.wrong.append(f"checksum {checksum:016x} instead of {int(sum_of_outputs, 16):016x}")
    elif replays:
        run.unfit.append(f"{replays:,} replays")
    if throughput <= 0:
        run.unfit.append("nothing was completed in the measured part")
    if not replays and throughput * found.get("seconds", 0) > 1.01 * sent:  # what was rounded aside
        run.wrong.append(f"completed {throughput * found['seconds']:,.0f} of the {sent:,} tuples that it sent")
    if load.rate:
        note_pace(run, throughput)
    note_unsteady(run, load)
    if max(run.noise.steal, run.noise.others) > load.noise_limit:
        run.unfit.append(f"{NOISY}: others had {run.noise.others:.0%} of the machine, "
                         f"the hypervisor {run.noise.steal:.0%}")


def note_pace(run: Run, throughput: float) -> None:
    """A fixed rate that was not kept, or whose latency says more about the source than about the system."""
    rate, latency = run.json["rate"], run.json.get("latency_us")
    late = run.json.get("source_late_us_p99") or 0.0
    if run.json.get("saturated") or throughput < SATURATED_BELOW * rate:
        run.saturated = True
    elif throughput > AHEAD_ABOVE * rate:
        run.unfit.append(f"ahead: completed {throughput:,.0f} of {rate:,} a second: it caught up, or its "
                         "clock is wrong")
    elif latency and late > LATE_FROM_US and late > LATE_SHARE * latency["p99"]:
        run.unfit.append(f"late source: {late:,.0f} us at p99, of a latency of {latency['p99']:,.0f} us: "
                         "that is the source's, not the system's")


def whole_seconds(warmup: float) -> int:
    """Of so long a warm-up: the first second that is all measured."""
    return math.ceil(round(warmup, 1))


def note_unsteady(run: Run, load: Load) -> None:
    """A virtual machine that still compiles gets faster from second to second."""
    first = whole_seconds(run.json.get("warmup_seconds", load.warmup))
    seconds = run.json.get("per_second", [])[first:first + int(load.seconds)]
    if load.rate or len(seconds) < 3 or not seconds[0]:
        return
    if seconds[-1] > LAST_SECOND_OVER_FIRST * seconds[0]:
        run.unfit.append(f"{NOT_WARM}: {seconds[0]:,} in the first measured second, "
                         f"{seconds[-1]:,} in the last")
