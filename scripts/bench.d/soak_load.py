"""Steady load on a running `coldchain run`: devices enrolled through its admin API, reports by HTTP."""
import http.client
import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "simulation"))

from enroll import Admin, make_device  # type: ignore[import-not-found]  # noqa: E402

TICK = 0.1


def enroll(url: str, user: str, password: str, count: int) -> list[dict[str, Any]]:
    """Devices of one gateway, some of which have wrong secrets or are switched off."""
    admin = Admin(url, user, password)
    gateway = admin.call("POST", "/gateways")
    devices = [make_device(admin, place) for place in range(count)]
    return [device | {"gateway": int(gateway["id"]), "token": gateway["auth"]} for device in devices]


class Load(threading.Thread):
    """Posts `rate` reports a second, a body each 100 ms, timed from when it was due."""

    def __init__(self, port: int, devices: list[dict[str, Any]], rate: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._devices = devices
        self._each_tick = max(1, round(rate * TICK))
        self._random = random.Random(1)
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()
        self._latencies: list[float] = []
        self._ending = threading.Event()
        self.accepted = 0
        self.faults: list[str] = []

    def run(self) -> None:
        due = time.monotonic()
        nth = 0
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            body = "\n".join(self.report(nth + each) for each in range(self._each_tick))
            nth += self._each_tick
            self.post(body)
            with self._lock:
                self._latencies.append((time.monotonic() - due) * 1000)
            due += TICK

    def report(self, nth: int) -> str:
        device = self._devices[nth % len(self._devices)]
        temperature = round(self._random.gauss(5, 1.5), 2)
        wrong = device["fault"] == "wrong_secret"
        return json.dumps({
            "gateway": {"id": device["gateway"], "token": device["token"]},
            "device": {"id": device["id"], "auth": "1" if wrong else device["auth"]},
            "reading": {"temp": temperature, "time": int(time.time() * 1000), "batt": 80}})

    def post(self, body: str) -> None:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            self._connection.request("POST", "/v1/reports", body, {"Content-Type": "application/x-ndjson"})
            answer = self._connection.getresponse()
            said = answer.read()
            if answer.status == 202:
                self.accepted += self._each_tick
            else:
                self.faults.append(f"{answer.status}: {said[:200]!r}")
        except (OSError, http.client.HTTPException) as fault:
            self.faults.append(str(fault))
            self._connection = None

    def take_latencies(self) -> list[float]:
        """Milliseconds until reports were durable, since the last call."""
        with self._lock:
            taken, self._latencies = self._latencies, []
        return taken

    def end(self) -> None:
        self._ending.set()
        self.join(60)
