"""Every run as it ends, one line of JSON each, so that who is stopped has lost one run at most."""
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from machine import Noise
from peer_cases import Case
from peer_runs import Load, Run

NAME = "runs.jsonl"


class Journal:
    """Gives runs that it has instead of running again, and writes down those that it had to run."""

    def __init__(self, folder: Path, runner: Callable[[Case, Load], Run], records: int, commit: str, *,
                 resume: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self._runner = runner
        self._records = records
        self._commit = commit
        self._known: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self.commits: set[str] = set()  # of all runs that were given
        kept: list[str] = []
        for line in self._path.read_text(encoding="utf-8").splitlines() if resume and self._path.exists() else ():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # the last one, of a driver that was killed while it wrote
            self._known[entry["of"]].append(entry)
            kept.append(line + "\n")
        self._path.write_text("".join(kept), encoding="utf-8")

    def has(self, case: Case, load: Load) -> bool:
        return bool(self._known[self._key(case, load)])

    def run(self, case: Case, load: Load) -> Run:
        """Raises Unsupported as the runner does; that is not written down, as it may be there the next time."""
        key = self._key(case, load)
        if self._known[key]:
            entry = self._known[key].popleft()
            self.commits.add(entry["commit"])
            return run_of(entry)
        run = self._runner(case, load)
        with self._path.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({"of": key, "commit": self._commit} | asdict(run)) + "\n")
        self.commits.add(self._commit)
        return run

    def _key(self, case: Case, load: Load) -> str:
        much = f"{case.records_of(self._records)} records" if case.graph == "kafka" else f"{load.seconds:g} s"
        return f"{case.name} {load.rate}/s {load.warmup:g} s + {much}"


def run_of(entry: dict[str, Any]) -> Run:
    return Run(entry["json"], Noise(**entry["noise"]), entry["wrong"], entry["unfit"], entry["saturated"])
