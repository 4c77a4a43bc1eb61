#!/usr/bin/env python3
"""enroll.py: makes gateways and devices in the registry, through the admin API, and writes who they are.

What it writes into the directory of OUT is what a person would carry to the site: GATEWAY.yaml for each gateway
program, devices.json for the simulated devices behind it. Done once: when devices.json is there, it does
nothing. Interrupted, it begins again; what it made in the registry before stays there, unused.

Environment: ADMIN (http://admin:9443), ADMIN_USER, BORA_FIRST_PASSWORD, OUT (/enrolled),
GATEWAYS (names, by commas), DEVICES (for each gateway).
"""
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request

# Of every twenty devices, one each; the others are as they should be.
WRONG_SECRET, INACTIVE, UNKNOWN = 0, 1, 2


class Admin:
    def __init__(self, url, user, password):
        self._url = url + "/api/v1/admin"
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._authorization = "Basic " + basic
        self._authorization = "Bearer " + self.call("POST", "/token")["token"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(self._url + path, method=method)
        request.add_header("Authorization", self._authorization)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, data, timeout=90) as answer:
            text = answer.read()
            return json.loads(text) if text else None


def make_device(admin, place):
    made = admin.call("POST", "/devices")
    path = f"/devices/{made['id']}"
    config = {"maxTemperature": "8", "name": f"Fridge {place}", "phone": f"+351 {place}"}
    if place % 3 == 0:
        config["minBattery"] = "40"
    admin.call("PUT", path + "/config", config)
    fault = place % 20
    if fault != INACTIVE:
        admin.call("PUT", path + "/state", {"state": True})
    if fault == UNKNOWN:
        admin.call("DELETE", path)
    kinds = {WRONG_SECRET: "wrong_secret", INACTIVE: "inactive", UNKNOWN: "unknown"}
    return {"id": int(made["id"]), "auth": made["auth"], "limits": config, "fault": kinds.get(fault)}


def write(path, text):
    """Whole or not at all, and for nobody else: it holds secrets."""
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def enroll(admin, out, names, devices_each):
    devices = []
    for name in names:
        gateway = admin.call("POST", "/gateways")
        write(f"{out}/{name}.yaml",
              f"gateway:\n  id: {gateway['id']}\n  token: \"{gateway['auth']}\"\n")
        for _ in range(devices_each):
            device = make_device(admin, len(devices))
            device.update(gateway=name, gateway_id=int(gateway["id"]))
            devices.append(device)
    write(f"{out}/devices.json", json.dumps(devices, indent=1) + "\n")
    print(f"enrolled {len(names)} gateways and {len(devices)} devices", flush=True)


def main():
    out = os.environ.get("OUT", "/enrolled")
    if os.path.exists(f"{out}/devices.json"):
        print("enrolled already", flush=True)
        return 0
    url = os.environ.get("ADMIN", "http://admin:9443")
    for _ in range(60):
        try:
            admin = Admin(url, os.environ.get("ADMIN_USER", "ops"), os.environ["BORA_FIRST_PASSWORD"])
            enroll(admin, out, os.environ.get("GATEWAYS", "gateway-1").split(","),
                   int(os.environ.get("DEVICES", "20")))
            return 0
        except (OSError, urllib.error.URLError) as fault:
            print(f"enroll: {url}: {fault}; again in 2 s", file=sys.stderr, flush=True)
            time.sleep(2)
    return 1


if __name__ == "__main__":
    sys.exit(main())
