"""Whether the alarms of deploy/prometheus are silent while nothing is wrong, fire when something is, and end.

A real Prometheus scrapes every process of the cluster, each second, with the rules as they are, but for `for:` and
the ranges of queries, which are shortened by a factor. No threshold is changed.
"""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request

SECONDS = {"s": 1, "m": 60, "h": 3600}
# What is wrong at the same time, and who says so: (alarm, instance).
EXPECTED = {
    "alerts is held down": [("BoraDown", "alerts")],
    "authentication is killed four times": [("BoraRestarts", "authentication")],
    "KairosDB answers nobody": [("BoraStuckExecutor", "datapoints"), ("BoraFailures", "datapoints")],
    "the older system answers nobody": [("BoraNotReady", "legacy"), ("BoraFailures", "legacy")],
    "a record that is no report": [("BoraDeadLetters", "raw"), ("BoraDeadLetters", "authentication")],
}
PATIENCE = 240  # s, until all of these are told, and until all have ended


def shortened(rules, factor):
    """The text of a file of rules, whose times are shorter by this factor; at least a second."""
    def less(match):
        seconds = max(1, round(int(match[2]) * SECONDS[match[3]] / factor))
        return f"{match[1]}{seconds}s"
    return re.sub(r"(\bfor: |\[)(\d+)([smh])", less, rules)


class Prometheus:
    """Runs until the end of a `with`."""

    def __init__(self, cluster, targets, factor):
        self.directory = cluster.state / "prometheus"
        self.directory.mkdir(parents=True, exist_ok=True)
        rules = (cluster.root / "deploy/prometheus/rules.yaml").read_text(encoding="utf-8")
        (self.directory / "rules.yaml").write_text(shortened(rules, factor), encoding="utf-8")
        (self.directory / "prometheus.yaml").write_text(json.dumps({  # which is YAML, too
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "bora", "static_configs": [
                {"targets": [address], "labels": {"instance": name}} for name, address in targets.items()]}],
        }), encoding="ascii")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self._process = None

    def __enter__(self):
        with open(self.directory / "log", "wb") as log:
            self._process = subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yaml", f"--storage.tsdb.path=data-{os.getpid()}",
                 f"--web.listen-address={self.url.removeprefix('http://')}"],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def query(self, expression):
        """The labels of what it finds; nothing before Prometheus answers."""
        if self._process.poll() is not None:
            raise SystemExit(f"cluster: Prometheus ended\n  mend: see {self.directory}/log")
        with contextlib.suppress(OSError):
            url = f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}"
            with urllib.request.urlopen(url, timeout=20) as answer:
                return [one["metric"] for one in json.load(answer)["data"]["result"]]
        return []

    def firing(self, during=""):
        """(alarm, instance) of all that fire now, or did within a time before."""
        alarms = f'ALERTS{{alertstate="firing"}}{during}'
        found = self.query(f"max_over_time({alarms})" if during else alarms)
        return {(one["alertname"], one.get("instance", one.get("group", ""))) for one in found}


def wait_for(condition, patience):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


@contextlib.contextmanager
def everything_wrong(cluster):
    """What EXPECTED says, until the end of the `with`."""
    def kairosdb(what):
        subprocess.run([cluster.root / "scripts/services", what, "kairosdb"], check=True, stdout=subprocess.DEVNULL)
    receiver = cluster.pid_of("receiver")
    try:
        os.kill(receiver, signal.SIGSTOP)
        kairosdb("pause")
        cluster.stop("alerts")
        subprocess.run(["kcat", "-P", "-b", cluster.addresses["BORA_KAFKA"], "-t", f"{cluster.prefix}reports"],
                       input=b"{no report\n", check=True)
        for _ in range(4):
            cluster.kill("authentication")
            # Scraped at least once between two deaths: what nobody saw is no restart.
            time.sleep(1)
            wait_for(lambda: cluster.status()["authentication"]["state"] == "healthy", 60)
            time.sleep(3)
        yield
    finally:
        os.kill(receiver, signal.SIGCONT)
        kairosdb("resume")
        cluster.start("alerts")


def run(cluster, calm, factor):
    services = cluster.services()
    host = cluster.host(services)
    targets = {name: f"127.0.0.1:{host.port(name, 9400)}" for name, unit in cluster.status().items()
               if "9400" in services[name].listens and unit["state"] == "healthy"}
    began = time.monotonic()

    def say(what):
        print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)

    faults = []
    with Prometheus(cluster, targets, factor) as prometheus:
        if not wait_for(lambda: len(prometheus.query("up == 1")) == len(targets), 60):
            faults.append(f"Prometheus does not reach all of {', '.join(targets)}")
        say(f"Prometheus scrapes {len(targets)} processes; times of rules are shortened {factor} times")
        time.sleep(calm)
        false = prometheus.firing(f"[{calm}s]")
        say(f"calm for {calm} s: {told(false) or 'silent'}")
        if false:
            faults.append("an alarm fired while all was well")

        with everything_wrong(cluster):
            say(f"wrong: {'; '.join(EXPECTED)}")
            wanted = {pair for pairs in EXPECTED.values() for pair in pairs}
            seen = set()
            wait_for(lambda: seen.update(prometheus.firing()) or wanted <= seen, PATIENCE)
            for what, pairs in EXPECTED.items():
                say(f"{what}: {told(set(pairs) & seen) or 'nothing'}")
            say(f"beside these: {told(seen - wanted) or 'nothing'}")
            if not wanted <= seen:
                faults.append(f"these did not fire within {PATIENCE} s: {told(wanted - seen)}")
        say("all is well again")
        if not wait_for(lambda: not prometheus.firing(), PATIENCE):
            faults.append(f"these fire {PATIENCE} s later: {told(prometheus.firing())}")
        say("silent again" if not prometheus.firing() else "not silent again")
    for fault in faults:
        print(f"alarms: {fault}")
    print(f"alarms: {'wrong' if faults else 'all in order'}")
    return 1 if faults else 0


def told(pairs):
    return ", ".join(f"{alarm} of {instance}" for alarm, instance in sorted(pairs))
