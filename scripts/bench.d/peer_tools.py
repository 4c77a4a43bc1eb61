"""What the driver asks bora_peer_bench besides running graphs: the oracle, and topics."""
import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from typing import Any

RECORDS = 2_000_000
SMOKE_RECORDS = 20_000


@dataclass
class Tool:
    """bora_peer_bench, when it is not a contestant."""
    program: str
    _known: dict[tuple[str, int, int], tuple[int, str]] = field(default_factory=dict)

    def ask(self, *options: str) -> str:
        ended = subprocess.run([self.program, *options], capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise RuntimeError(f"bora_peer_bench {' '.join(options)}: {ended.stderr.strip()[-300:]}")
        return ended.stdout

    def oracle(self, graph: str, tuples: int, keys: int) -> tuple[int, str]:
        key = (graph, tuples, keys)
        if key not in self._known:
            said = json.loads(self.ask("--do", "oracle", "--graph", graph, "--records", str(tuples),
                                       "--keys", str(keys)))
            self._known[key] = said["count"], said["checksum"]
        return self._known[key]


class Topics:
    """One topic that all read, and one for each run that is read back and removed after it."""

    def __init__(self, tool: Tool, records: int, keys: int) -> None:
        self._tool = tool
        self._brokers = os.environ["BORA_KAFKA"]
        self._common = ["--graph", "kafka", "--bootstrap", self._brokers, "--records", str(records),
                        "--keys", str(keys)]
        self._prefix = f"bora-peers-{secrets.token_hex(3)}"
        self._records = records
        self._runs = 0
        self._out = ""
        tool.ask("--do", "fill", *self._common, "--topic-in", f"{self._prefix}-in")

    def begin(self) -> tuple[str, ...]:
        """Makes the topic of a run; gives the contestant's options."""
        self._runs += 1
        self._out = f"{self._prefix}-out-{self._runs}"
        self._tool.ask("--do", "fill", *self._common, "--topic-out", self._out)
        return ("--bootstrap", self._brokers, "--topic-in", f"{self._prefix}-in", "--topic-out",
                self._out, "--records", str(self._records))

    def look(self, found: dict[str, Any]) -> None:
        """Puts what is committed in the topic in place of what the contestant says."""
        said = json.loads(self._tool.ask("--do", "read-back", *self._common, "--topic-out", self._out))
        found["received"], found["checksum"] = said["count"], said["checksum"]
        outputs = self._tool.oracle("kafka", self._records, 1024)[0]
        if said["count"] > outputs and found.get("guarantee") == "at-least-once":
            found["replays"] = said["count"] - outputs

    def end(self) -> None:
        self._tool.ask("--do", "remove", "--bootstrap", self._brokers, "--topic-out", self._out)

    def close(self) -> None:
        self._tool.ask("--do", "remove", "--bootstrap", self._brokers, "--topic-in",
                       f"{self._prefix}-in")


