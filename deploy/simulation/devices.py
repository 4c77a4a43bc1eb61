#!/usr/bin/env python3
"""devices.py: the devices around one gateway, which tell it what they measure, without end.

Each message waits for its answer and is sent again, the same, until it is taken: a device does no less. What
it sent, and what was taken, is in the journal, which scripts/cluster compares with what arrived:

  {"n":17,"device":3,"gateway":1,"temp":4.5,"time":1466380800123,"batt":75,"expect":null}
  {"taken":17}

"expect" is the reason for which it will be rejected, if any. Some messages are broken; the gateway must
refuse those.

Environment: GATEWAY (http://127.0.0.1:9481), NAME (of the gateway), ENROLLED (devices.json), JOURNAL,
RATE (messages a second).
"""
import http.client
import itertools
import json
import os
import signal
import sys
import time
import urllib.parse

REASONS = {"wrong_secret": "bad_device_token", "inactive": "inactive_device", "unknown": "unknown_device"}
BROKEN_ONE_IN = 50


class Stop(Exception):
    pass


def stop(_number, _frame):
    raise Stop


class Gateway:
    def __init__(self, url):
        self._where = urllib.parse.urlsplit(url)
        self._connection = None

    def post(self, body):
        """The status, or None when nobody knows what became of it."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    self._where.hostname, self._where.port, timeout=10)
            self._connection.request("POST", "/v1/messages", body,
                                     {"Content-Type": "application/x-ndjson"})
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return None


def measure(device, place, n):
    """A fridge that is opened now and then; a battery that runs down and is changed."""
    phase = (n + place * 7) % 40
    hot = 4 <= n and phase < 3
    temperature = 8.2 + phase / 10 if hot else 3.0 + (phase % 20) / 10
    reading = {"temp": round(temperature, 1), "time": int(time.time() * 1000),
               "batt": 100 - (n + place * 11) % 90}
    secret, expect = device["auth"], REASONS.get(device["fault"])
    if device["fault"] == "wrong_secret":
        if n % 2:
            secret = str(int(secret) ^ 1)
        else:
            expect = None
    return reading, secret, expect


def deliver(gateway, body, wanted):
    while True:
        status = gateway.post(body)
        if status == wanted:
            return
        if status is not None and status != 503:
            sys.exit(f"devices: the gateway answered {status} instead of {wanted} to {body}")
        time.sleep(0.2)


def run(gateway, devices, journal, rate):
    due = time.monotonic()
    for n, ((round_, place), device) in enumerate(
            zip(((r, p) for r in itertools.count() for p in range(len(devices))),
                itertools.cycle(devices))):
        reading, secret, expect = measure(device, place, round_)
        message = {"device": {"id": device["id"], "auth": secret}, "reading": reading}
        if n % BROKEN_ONE_IN == BROKEN_ONE_IN - 1:
            deliver(gateway, json.dumps(message).replace('"temp"', '"tmp"'), 400)
        journal.write(json.dumps({"n": n, "device": device["id"], "gateway": device["gateway_id"],
                                  **reading, "expect": expect}) + "\n")
        journal.flush()
        deliver(gateway, json.dumps(message), 202)
        journal.write(json.dumps({"taken": n}) + "\n")
        journal.flush()
        due = max(due + 1 / rate, time.monotonic() - 1)  # after an outage: a second's worth at once
        time.sleep(max(0, due - time.monotonic()))


def main():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with open(os.environ.get("ENROLLED", "/enrolled/devices.json"), encoding="utf-8") as file:
        devices = [d for d in json.load(file) if d["gateway"] == os.environ["NAME"]]
    path = os.environ["JOURNAL"]
    # One file for each start: the numbers begin anew.
    with open(f"{path}.{time.time_ns()}.jsonl", "w", encoding="utf-8") as journal:
        try:
            run(Gateway(os.environ.get("GATEWAY", "http://127.0.0.1:9481")), devices, journal,
                float(os.environ.get("RATE", "20")))
        except Stop:
            return 0


if __name__ == "__main__":
    sys.exit(main())
