"""What a message costs each topology, and the servers meanwhile, in CPU time: which says something also on a
machine that others use, where rates do not.

Each topology has its topic to itself while the others are held down: it works off the same messages from a
standing start, and what an idle start costs is taken off.
"""
import json
import os
import random
import re
import subprocess
import time

import oracle

ORDER = ("raw", "authentication", "datapoints", "thresholds", "alerts", "legacy")


def fields_of(pid):
    """Of /proc/PID/stat, from the state on: 1 is the parent's pid, 11 to 14 are times."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(") ")[2].split()


def cpu_of(pid):
    """Seconds that the process and its children have had."""
    ticks = 0
    for other in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = fields_of(other)
        except OSError:
            continue  # it ended meanwhile
        if str(pid) in (other, fields[1]):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def reports(cluster, host, count):
    """Lines KEY<TAB>REPORT of the enrolled devices that are as they should be, one each millisecond."""
    enrolled = host.path_of("enrolled")
    with open(enrolled / "devices.json", encoding="utf-8") as file:
        devices = [device for device in json.load(file) if device["fault"] is None]
    tokens = {}
    for path in enrolled.glob("*.yaml"):
        tokens[path.stem] = re.search(r'token: "(\w+)"', path.read_text(encoding="utf-8"))[1]
    dice = random.Random(1)
    begin = int(time.time() * 1000) - count
    for n in range(count):
        device = devices[n % len(devices)]
        yield f'{device["id"]}\t' + json.dumps({
            "device": {"id": device["id"], "auth": device["auth"]},
            "reading": {"temp": round(dice.uniform(2, 7.9), 1), "time": begin + n, "batt": dice.randint(50, 100)},
            "gateway": {"id": device["gateway_id"], "token": tokens[device["gateway"]]}},
            separators=(",", ":")) + "\n"


def write(cluster, lines):
    path = cluster.state / "reports.txt"
    with open(path, "w", encoding="ascii") as file:
        file.writelines(lines)
    return path


def publish(cluster, lines):
    produce(cluster, write(cluster, lines))


def produce(cluster, path):
    subprocess.run(["kcat", "-P", "-b", cluster.addresses["BORA_KAFKA"], "-t", cluster.prefix + "reports",
                    "-K", "\t", "-z", "lz4", "-X", "partitioner=murmur2_random", "-l", path], check=True)
    path.unlink()


def servers(cluster):
    pids = {name: cluster.root / f"build/services/{name}/pid" for name in ("kafka", "redis", "kairosdb")}
    return {name: cpu_of(path.read_text(encoding="ascii").split()[0]) for name, path in pids.items()}


def run_alone(cluster, name, patience):
    """Starts it, waits until its topic is done; its CPU time, and that of the servers meanwhile."""
    before = servers(cluster)
    cluster.start(name)
    deadline = time.monotonic() + patience
    while oracle.lag(cluster, name, oracle.READS[name]):
        if time.monotonic() > deadline:
            raise SystemExit(f"cluster: {name} is not through after {patience} s")
        time.sleep(0.5)
    own = cpu_of(cluster.pid_of(name))
    after = servers(cluster)
    cluster.stop(name)
    return own, {server: after[server] - before[server] for server in after}


def run(cluster, count):
    services = cluster.services()
    host = cluster.host(services)
    for name in services:
        if name.startswith("devices-"):
            cluster.stop(name)
    if not oracle.wait_through(cluster, services, host, 120):
        return 1
    for name in ORDER:
        cluster.stop(name)
    # A start with one report of each device: its secret is compared by bcrypt once, and then remembered.
    publish(cluster, reports(cluster, host, 40))
    idle = {name: run_alone(cluster, name, 60) for name in ORDER}
    publish(cluster, reports(cluster, host, count))
    print(f"{count} messages; us of CPU for each\n{'':16}{'own':>8}{'kafka':>8}{'redis':>8}{'kairosdb':>10}")
    for name in ORDER:
        own, others = run_alone(cluster, name, 600)
        costs = [own - idle[name][0]] + [others[s] - idle[name][1][s] for s in ("kafka", "redis", "kairosdb")]
        us = [cost / count * 1e6 for cost in costs]
        print(f"{name:16}{us[0]:8.1f}{us[1]:8.1f}{us[2]:8.1f}{us[3]:10.1f}", flush=True)
    print("what is in the topics now is not what devices sent: scripts/cluster wipe")
    return 0


# -- all of them together --------------------------------------------------------------------------

TOGETHER = ("raw", "authentication", "datapoints", "thresholds", "alerts")
GOAL = 70_000  # reports a second


def wait_together(cluster, begin, patience):
    """Seconds from `begin` on until each of them is done; downstream counts when its source is."""
    done = {}
    while len(done) < len(TOGETHER):
        for name in TOGETHER:
            source = oracle.READS[name]
            waits = source == "readings" and "authentication" not in done
            if name not in done and not waits and not oracle.lag(cluster, name, source):
                done[name] = time.monotonic() - begin
        if time.monotonic() - begin > patience:
            raise SystemExit(f"cluster: only {', '.join(done) or 'none'} came through in {patience} s")
        time.sleep(0.2)
    return done


def run_together(cluster, count):
    """All five take the same reports as fast as they can: the rate of each, and what it costs."""
    services = cluster.services()
    host = cluster.host(services)
    for name in services:
        if name.startswith("devices-"):
            cluster.stop(name)
    if not oracle.wait_through(cluster, services, host, 120):
        return 1
    cluster.stop("legacy")
    publish(cluster, reports(cluster, host, 40))  # secrets are compared once
    wait_together(cluster, time.monotonic(), 120)
    path = write(cluster, reports(cluster, host, count))
    before = dict(servers(cluster), **{name: cpu_of(cluster.pid_of(name)) for name in TOGETHER})
    begin = time.monotonic()
    produce(cluster, path)
    done = wait_together(cluster, begin, 3600)
    took = max(done.values())
    after = dict(servers(cluster), **{name: cpu_of(cluster.pid_of(name)) for name in TOGETHER})
    used = {name: after[name] - before[name] for name in after}
    print(f"{count} reports through everything in {took:.1f} s: {count / took:,.0f}/s; "
          f"{sum(used.values()) / took:.2f} of {os.cpu_count()} cores used, load {os.getloadavg()[0]:.1f}")
    print(f"{'':20}{'us a report':>12}{'of one core':>12}{'reports/s':>12}")
    for name in used:
        rate = f"{count / done[name]:12,.0f}" if name in done else ""
        print(f"{name:20}{used[name] / count * 1e6:12.1f}{used[name] / took:12.0%}{rate}")
    for what, parts in (("all of it", used), ("without KairosDB", {n: c for n, c in used.items() if n != "kairosdb"}),
                        ("the five programs", {n: used[n] for n in TOGETHER})):
        each = sum(parts.values()) / count * 1e6
        most = max(parts, key=parts.get)
        print(f"{what}: {each:.1f} us of CPU a report, the most in {most}; two cores hold at most "
              f"{2e6 / each:,.0f} reports/s, {GOAL:,}/s take {GOAL * each / 1e6:.1f} cores")
    print("what is in the topics now is not what devices sent: scripts/cluster wipe")
    return 0
