"""Runs all of coldchain under steady load and fails when memory, files, threads, latency or lag grow.

Exit code 0: nothing grows; 1: something does, or went wrong; 3: others had so much of the machine that latency
or lag could not be judged.
"""
import argparse
import csv
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from machine import Reading, noise_between
from soak_judge import BOUNDS, LEAST_SAMPLES, OTHERS_LIMIT, judge, quiet
from soak_load import Load, enroll

LAG = re.compile(r"^\w+_lag_records\{[^}]*\} (\S+)$", re.MULTILINE)
ROOT = Path(__file__).resolve().parents[2]


def free_ports(count: int) -> list[int]:
    """Held together until all are chosen, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def open_files(folder: str) -> int:
    """Without the tables of stores, which are as many as what is kept fills."""
    count = 0
    for name in os.listdir(folder):
        try:
            count += ".sst" not in os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            continue  # closed meanwhile
    return count


class Coldchain:
    """`coldchain run` on a directory of its own."""

    def __init__(self, program: Path, directory: Path) -> None:
        self.control, self.admin, self.ingest = free_ports(3)
        self.user, self.password = "soak", secrets.token_urlsafe(12)
        self._settings = [f"data={directory / 'data'}", f"control.port={self.control}",
                          f"admin.port={self.admin}", f"ingest.port={self.ingest}", "series.api_port=0"]
        options = [word for setting in self._settings for word in ("--set", setting)]
        subprocess.run([str(program), *options, "user", "add", self.user, "--permission", "admin"],
                       input=f"{self.password}\n", text=True, check=True, stdout=subprocess.DEVNULL)
        self._log = open(directory / "coldchain.log", "w", encoding="utf-8")
        self._process = subprocess.Popen([str(program), *options, "run"], stdout=self._log,
                                         stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self.get("/readyz")
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"coldchain is not ready: {self._log.name}")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}{path}", timeout=30) as answer:
            return str(answer.read(), "utf-8")

    def sample(self) -> dict[str, float]:
        """Raises OSError when it has ended."""
        folder = f"/proc/{self._process.pid}"
        with open(f"{folder}/status", encoding="ascii", errors="replace") as file:
            status = dict(line.split(":", 1) for line in file)
        lags = [float(value) for value in LAG.findall(self.get("/metrics"))]
        if not lags:
            raise RuntimeError("/metrics has no lag")
        return {"memory": int(status["VmRSS"].split()[0]) / 1024, "threads": float(status["Threads"]),
                "files": float(open_files(f"{folder}/fd")), "lag": max(lags)}

    def stop(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._log.close()


def watch(coldchain: Coldchain, load: Load, seconds: float, every: float,
          path: Path) -> dict[str, list[float]]:
    """Samples, by name and under `time`; a file of them grows meanwhile."""
    samples: dict[str, list[float]] = {"time": [], **{name: [] for name in BOUNDS}, "others": []}
    began = time.monotonic()
    before = Reading.now((coldchain.pid,))
    with open(path, "w", encoding="ascii", newline="") as file:
        table = csv.writer(file)
        table.writerow(samples)
        nth = 0
        while (now := time.monotonic() - began) < seconds:
            nth += 1
            time.sleep(max(0.0, min(nth * every, seconds) - now))
            latencies = load.take_latencies()
            if not latencies:
                continue
            after = Reading.now((coldchain.pid,))
            # The median: one stall of the machine's disk is not the program's.
            found = coldchain.sample() | {"latency": statistics.median(latencies),
                                          "time": time.monotonic() - began,
                                          "others": noise_between(before, after).others}
            before = after
            for name, values in samples.items():
                values.append(found[name])
            table.writerow(f"{values[-1]:.2f}" for values in samples.values())
            file.flush()
            print(f"\r{found['time']:6.0f} of {seconds:.0f} s: {load.accepted:,} reports, "
                  f"{found['memory']:.0f} MiB, {found['files']:.0f} files, {found['threads']:.0f} threads, "
                  f"{found['latency']:.1f} ms, lag {found['lag']:.0f}   ",
                  end="" if sys.stdout.isatty() else "\n", flush=True)
    return samples


def conclude(samples: dict[str, list[float]]) -> tuple[list[str], bool]:
    """Prints what became of each; gives what grows, and whether others kept something from being judged."""
    faults, is_noisy = [], False
    for name in BOUNDS:
        times, values = quiet(name, samples)
        if len(times) < LEAST_SAMPLES <= len(samples["time"]):
            is_noisy = True
            print(f"noisy  {name:<8} others had over {OTHERS_LIMIT:.0%} of the machine in "
                  f"{len(samples['time']) - len(times)} of {len(samples['time'])} samples: not judged")
            continue
        verdict = judge(name, times, values)
        print(verdict)
        if verdict.grows:
            faults.append(str(verdict))
    return faults, is_noisy


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--rate", type=int, default=2000, help="reports a second (%(default)s)")
    parser.add_argument("--devices", type=int, default=60, help="(%(default)s)")
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/coldchain")
    parser.add_argument("--out", type=Path, default=ROOT / "build/soak")
    options = parser.parse_args(given)
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    coldchain = Coldchain(options.program, options.out)
    try:
        coldchain.wait_ready()
        print(f"soak: enrolling {options.devices} devices", flush=True)
        devices = enroll(f"http://127.0.0.1:{coldchain.admin}", coldchain.user, coldchain.password,
                         options.devices)
        load = Load(coldchain.ingest, devices, options.rate)
        load.start()
        seconds = options.minutes * 60
        samples = watch(coldchain, load, seconds, max(1.0, min(30.0, seconds / 60)),
                        options.out / "samples.csv")
        load.end()
    finally:
        code = coldchain.stop()
    print()
    faults, is_noisy = conclude(samples)
    if code != 0:
        faults.append(f"coldchain ended with code {code}: {options.out}/coldchain.log")
    if load.faults:
        faults.append(f"{len(load.faults)} requests were not answered 202, such as {load.faults[0]}")
    print(f"soak: {load.accepted:,} reports in {options.minutes:g} min; samples are in {options.out}/samples.csv")
    for fault in faults:
        print(f"soak: FAILED: {fault}")
    return 1 if faults else 3 if is_noisy else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
