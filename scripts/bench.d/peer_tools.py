"""What the driver asks bora_peer_bench besides running graphs: the oracle, and topics."""
import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from typing import Any

RECORDS = 4_000_000
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
    """Topics that are read, one for each number of records, and one for each run that is read back and
    removed after it."""

    def __init__(self, tool: Tool, keys: int) -> None:
        self._tool = tool
        self._brokers = os.environ["BORA_KAFKA"]
        self._keys = keys
        self._prefix = f"bora-peers-{secrets.token_hex(3)}"
        self._filled: dict[int, str] = {}
        self._runs = 0
        self._out = ""

    def begin(self, records: int) -> tuple[str, ...]:
        """Makes the topic of a run, and that with so many records; gives the contestant's options."""
        if records not in self._filled:
            self._filled[records] = f"{self._prefix}-in-{records}"
            self._tool.ask("--do", "fill", *self._common(records), "--topic-in", self._filled[records])
        self._runs += 1
        self._out = f"{self._prefix}-out-{self._runs}"
        self._tool.ask("--do", "fill", *self._common(records), "--topic-out", self._out)
        return ("--bootstrap", self._brokers, "--topic-in", self._filled[records], "--topic-out",
                self._out, "--records", str(records))

    def look(self, found: dict[str, Any], records: int) -> None:
        """Puts what is committed in the topic in place of what the contestant says."""
        said = json.loads(self._tool.ask("--do", "read-back", *self._common(records), "--topic-out",
                                         self._out))
        found["received"], found["checksum"] = said["count"], said["checksum"]
        outputs = self._tool.oracle("kafka", records, self._keys)[0]
        if said["count"] > outputs and found.get("guarantee") == "at-least-once":
            found["replays"] = said["count"] - outputs

    def end(self) -> None:
        if self._out:
            self._tool.ask("--do", "remove", "--bootstrap", self._brokers, "--topic-out", self._out)
            self._out = ""

    def close(self) -> None:
        for topic in self._filled.values():
            self._tool.ask("--do", "remove", "--bootstrap", self._brokers, "--topic-in", topic)

    def _common(self, records: int) -> tuple[str, ...]:
        return ("--graph", "kafka", "--bootstrap", self._brokers, "--records", str(records), "--keys",
                str(self._keys))
