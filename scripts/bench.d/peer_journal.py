"""Every run as it ends, one line of JSON each, so that who is stopped has lost one run at most."""
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from machine import Noise
from peer_cases import Case
from peer_runs import Load, Run, Unsupported

NAME = "runs.jsonl"


class Journal:
    """Gives runs that it has instead of running again, and writes down those that it had to run."""

    def __init__(self, folder: Path, runner: Callable[[Case, Load], Run], records: int, *, resume: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self._runner = runner
        self._records = records
        self._known: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        if not resume:
            self._path.unlink(missing_ok=True)
            return
        for line in self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else ():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # the last one, of a driver that was killed while it wrote
            self._known[entry["of"]].append(entry)

    def has(self, case: Case, load: Load) -> bool:
        return bool(self._known[self._key(case, load)])

    def run(self, case: Case, load: Load) -> Run:
        """Raises Unsupported as the runner does, from then on without asking it."""
        key = self._key(case, load)
        if self._known[key]:
            return run_of(self._known[key].popleft())
        entry: dict[str, Any] = {"of": key}
        try:
            run = self._runner(case, load)
        except Unsupported as why:
            self._write(entry | {"absent": str(why)})
            raise
        self._write(entry | asdict(run))
        return run

    def _key(self, case: Case, load: Load) -> str:
        much = f"{case.records_of(self._records)} records" if case.graph == "kafka" else f"{load.seconds:g} s"
        return f"{case.name} {load.rate}/s {load.warmup:g} s + {much}"

    def _write(self, entry: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(entry) + "\n")


def run_of(entry: dict[str, Any]) -> Run:
    if "absent" in entry:
        raise Unsupported(entry["absent"])
    return Run(entry["json"], Noise(**entry["noise"]), entry["wrong"], entry["unfit"], entry["saturated"])
