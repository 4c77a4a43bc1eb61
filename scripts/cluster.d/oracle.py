"""Compares what the devices sent with what arrived: in topics, archive, time series, alerts, notifications.

It knows the rules of the application and none of its code. A message that a device sent and that was not
answered may have arrived or not; everything that was answered must have. Repeats are allowed wherever
at-least-once allows them, and counted.
"""
import collections
import json
import pathlib
import sqlite3
import subprocess
import time
import urllib.request

import kafka

HOUR = 3_600_000  # ms
READS = {"raw": "reports", "authentication": "reports", "datapoints": "readings",
         "thresholds": "readings", "alerts": "readings", "legacy": "readings"}
LIMITS = {"too_hot": lambda reading, limits: reading["temp"] > float(limits["maxTemperature"]),
          "low_battery": lambda reading, limits: reading["batt"] < float(limits.get("minBattery", -1))}


class Sent:
    """The devices' journals."""

    def __init__(self, directory):
        self.taken, self.unanswered = [], []
        for path in sorted(pathlib.Path(directory).glob("devices-*.jsonl")):
            tried, taken = {}, set()
            for entry in lines_of(path):
                if "taken" in entry:
                    taken.add(entry["taken"])
                else:
                    tried[entry["n"]] = entry
            for number, entry in tried.items():
                (self.taken if number in taken else self.unanswered).append(entry)


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue  # cut short by a kill


def key_of(entry):
    return entry["device"], entry["time"]


class Verdict:
    def __init__(self):
        self.faults = 0

    def compare(self, what, must, may, found):
        """`found` counts what is there; each of `must` has to be, and nothing but `must` and `may`."""
        missing = [key for key in must if key not in found]
        foreign = [key for key in found if key not in must and key not in may]
        repeats = sum(found.values()) - len(found)
        fault = ""
        if missing:
            fault += f"  {len(missing)} MISSING, such as {missing[:3]}"
        if foreign:
            fault += f"  {len(foreign)} NOT SENT, such as {foreign[:3]}"
        self.faults += bool(fault)
        print(f"  {what:30}{len(must):9} sent{len(found):9} found{repeats:7} repeated{fault}", flush=True)

    def claim(self, what, holds, fault):
        self.faults += not holds
        print(f"  {what:30}{'as it must be' if holds else fault}", flush=True)


# -- what is there ---------------------------------------------------------------------------------


def topic(cluster, name):
    """Its records' values, from the first to the last there is now."""
    done = subprocess.run(
        ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", cluster.addresses["BORA_KAFKA"],
         "-t", cluster.prefix + name, "-f", "%s\n"],
        check=True, capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def reading_of(value):
    return {"device": value["device"]["id"], "gateway": value["gateway"]["id"],
            "temp": value["reading"]["temp"], "time": value["reading"]["time"],
            "batt": value["reading"]["batt"], "reason": value.get("reason")}


def archived(cluster, services, host, devices):
    raw = services["raw"]
    archive = host.environment(raw)["BORA__ARCHIVE"].removeprefix("rocksdb:")
    found = collections.Counter()
    for device in devices:
        done = subprocess.run(
            [cluster.bin / "raw", "store", "scan", "--device", str(device), "--archive", archive],
            check=True, capture_output=True, text=True, timeout=60)
        for line in done.stdout.splitlines():
            found[(device, message_of(json.loads(line))["reading"]["time"])] += 1
    return found


def message_of(entry):
    message = entry["message"] if "message" in entry else entry["value"]
    return json.loads(message) if isinstance(message, str) else message


def points(cluster, metric, devices, begin, end):
    # Not grouped by tag: a KairosDB on Java 15 or later refuses that.
    query = {"start_absolute": begin, "end_absolute": end,
             "metrics": [{"name": metric, "tags": {"device": [str(device)]}} for device in devices]}
    request = urllib.request.Request(
        cluster.addresses["BORA_KAIROSDB"] + "/api/v1/datapoints/query", json.dumps(query).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        queries = json.load(answer)["queries"]
    return {(device, moment): value for device, query in zip(devices, queries)
            for result in query["results"] for moment, value in result["values"]}


# -- waiting ---------------------------------------------------------------------------------------


def lag(cluster, group, source):
    """Records of the topic that the group has not done."""
    consumer = kafka.KafkaConsumer(bootstrap_servers=cluster.addresses["BORA_KAFKA"])
    admin = kafka.KafkaAdminClient(bootstrap_servers=cluster.addresses["BORA_KAFKA"])
    try:
        name = cluster.prefix + source
        parts = [kafka.TopicPartition(name, p) for p in consumer.partitions_for_topic(name) or ()]
        done = admin.list_consumer_group_offsets(cluster.prefix + group, partitions=parts)
        return sum(end - max(0, done[part].offset) for part, end in consumer.end_offsets(parts).items())
    finally:
        consumer.close()
        admin.close()


def waiting(cluster, services, host):
    """What is not done yet, in words; empty when all is."""
    left = []
    for name in services:
        outbox = host.environment(services[name]).get("BORA__GATEWAY__OUTBOX")
        if outbox:
            with sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=10) as table:
                count = table.execute("SELECT count(*) FROM messages").fetchone()[0]
            if count:
                left.append(f"{count} in the outbox of {name}")
    for group in sorted(cluster.status().keys() & READS.keys()):
        count = lag(cluster, group, READS[group])
        if count:
            left.append(f"{count} of {READS[group]} before {group}")
    return left


def wait_through(cluster, services, host, patience):
    deadline = time.monotonic() + patience
    while True:
        try:
            left = waiting(cluster, services, host)
        except kafka.errors.KafkaError as fault:
            left = [f"the broker: {fault}"]
        if not left:
            return True
        if time.monotonic() > deadline:
            print(f"cluster: after {patience} s there waits: {'; '.join(left)}")
            return False
        time.sleep(0.5)


# -- the comparison --------------------------------------------------------------------------------


def check_alerts(verdict, alerts, told, readings, limits):
    """An alert is about a reading beyond a limit; two of a device and kind are an hour apart at least; no
    such reading is without one less than an hour away; all of them were told, and nothing else."""
    about = collections.defaultdict(set)
    ids = set()
    for alert in alerts:
        if alert["kind"] in LIMITS:
            about[(alert["device"], alert["kind"])].add(alert["time"])
            ids.add(alert["id"])
    beyond = collections.defaultdict(set)
    for reading in readings:
        for kind, is_beyond in LIMITS.items():
            if is_beyond(reading, limits[reading["device"]]):
                beyond[(reading["device"], kind)].add(reading["time"])
    lonely = [subject for subject, times in beyond.items()
              if any(all(abs(t - a) >= HOUR for a in about[subject]) for t in times)]
    close = [subject for subject, times in about.items()
             if any(b - a < HOUR for a, b in zip(sorted(times), sorted(times)[1:]))]
    groundless = [subject for subject, times in about.items() if times - beyond[subject]]
    verdict.claim(f"{len(ids)} alerts for {len(beyond)} excursions", not lonely and not close and not groundless,
                  f"NOBODY TOLD {lonely[:3]}, TOLD TWICE IN AN HOUR {close[:3]}, FOR NOTHING {groundless[:3]}")
    verdict.compare("alerts notified", ids, set(), told)


def check_curves(cluster, services, host, verdict, entries, good, open_good):
    devices = sorted({e["device"] for e in entries})
    begin, end = min(e["time"] for e in entries), max(e["time"] for e in entries)

    def curve(metric):
        for _ in range(30):  # KairosDB shows what it took a moment later
            found = points(cluster, metric, devices, begin, end)
            if len(found) >= len(good):
                break
            time.sleep(1)
        return found

    kills = cluster.state / "kairosdb-kills"
    if kills.exists():
        lost = len(good.keys() - curve("temperature").keys())
        if lost:
            print(f"  KairosDB was killed, and lost {lost} points that it had answered for: datapoints reads "
                  "its topic again", flush=True)
            read_again(cluster, services, host)
        kills.unlink()
    for metric, name in (("temperature", "temp"), ("battery", "batt")):
        found = curve(metric)
        verdict.compare(f"curves of {metric}", set(good), open_good, collections.Counter(found.keys()))
        other = [key for key in good if key in found and found[key] != good[key][name]]
        verdict.claim("their values", not other, f"DIFFER at {other[:3]}")


def read_again(cluster, services, host):
    """What an operator does when a series store was restored from yesterday's copy: `datapoints` in a group
    of its own begins with the oldest reading, and a point that is there already replaces itself."""
    service = services["datapoints"]
    group = f"again-{time.time_ns()}"
    command = host.command(service, service.command)
    environment = {"PATH": f"{cluster.bin}:/usr/bin", **host.environment(service)}
    settings = ["--set", f"datapoints.group={group}", "--set", "control.port=0"]
    with subprocess.Popen(command + settings, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 300
            while lag(cluster, group, "readings") and time.monotonic() < deadline:
                time.sleep(0.5)
        finally:
            process.terminate()
            process.wait(60)


def check(cluster, keep_sending):
    services = cluster.services()
    host = cluster.host(services)
    devices_running = [name for name in services if name.startswith("devices-")]
    for name in devices_running:
        cluster.stop(name)
    try:
        if not wait_through(cluster, services, host, 180):
            return 1
        return compare(cluster, services, host)
    finally:
        if keep_sending:
            for name in devices_running:
                cluster.start(name)


def compare(cluster, services, host):
    sent = Sent(host.path_of("journal"))
    entries = sent.taken + sent.unanswered
    if not sent.taken:
        print("cluster: the devices sent nothing")
        return 1
    with open(host.path_of("enrolled") / "devices.json", encoding="utf-8") as file:
        limits = {device["id"]: device["limits"] for device in json.load(file)}
    good = {key_of(e): e for e in sent.taken if e["expect"] is None}
    bad = {key_of(e): e for e in sent.taken if e["expect"] is not None}
    open_good = {key_of(e) for e in sent.unanswered if e["expect"] is None}
    open_bad = {key_of(e) for e in sent.unanswered if e["expect"] is not None}

    verdict = Verdict()
    readings = [reading_of(value) for value in topic(cluster, "readings")]
    verdict.compare("readings", set(good), open_good, collections.Counter(map(key_of, readings)))
    spoiled = [r for r in readings if key_of(r) in good
               and any(r[name] != good[key_of(r)][name] for name in ("gateway", "temp", "batt"))]
    verdict.claim("their content", not spoiled, f"DIFFERS: {spoiled[:2]}")
    rejected = [reading_of(value) for value in topic(cluster, "reports.rejected")]
    verdict.compare("rejected reports", set(bad), open_bad, collections.Counter(map(key_of, rejected)))
    wrong = [r for r in rejected if key_of(r) in bad and r["reason"] != bad[key_of(r)]["expect"]]
    verdict.claim("their reasons", not wrong, f"DIFFER: {wrong[:2]}")
    letters = topic(cluster, "reports.dlq") + topic(cluster, "readings.dlq") + topic(cluster, "alerts.dlq")
    verdict.claim("dead letters", not letters, f"{len(letters)}, such as {letters[:1]}")

    everything, open_all = set(good) | set(bad), open_good | open_bad
    devices = sorted({e["device"] for e in entries})
    verdict.compare("archive", everything, open_all, archived(cluster, services, host, devices))
    check_curves(cluster, services, host, verdict, entries, good, open_good)
    received = collections.defaultdict(collections.Counter)
    for entry in lines_of(host.path_of("journal") / "received.jsonl"):
        received[entry["path"]][entry["key"]] += 1
    if "legacy" in cluster.status():
        verdict.compare("readings for the older system", {f"reading-{d}-{t}" for d, t in good},
                        {f"reading-{d}-{t}" for d, t in open_good}, received["/older"])
    told = collections.Counter({key: count for key, count in received["/notifications"].items()
                                if key.split("-")[1] in LIMITS})
    check_alerts(verdict, topic(cluster, "alerts"), told, readings, limits)
    print(f"cluster: {len(sent.taken)} messages, {len(sent.unanswered)} unanswered: "
          + ("all agree" if not verdict.faults else f"{verdict.faults} comparisons FAILED"))
    return 1 if verdict.faults else 0
