"""Whether the alarms of deploy/prometheus are silent while nothing is wrong, fire when something is, and end.

A real Prometheus scrapes every process of the cluster, each second, with the rules as they are, but for `for:` and
the ranges of queries, which are shortened by a factor. No threshold is changed.
"""
import collections
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

SECONDS = {"s": 1, "m": 60, "h": 3600}
# What is wrong at the same time, and who says so: (alarm, instance).
EXPECTED = {
    "admin is held down": [("BoraDown", "admin")],
    "authentication is killed four times": [("BoraRestarts", "authentication")],
    "KairosDB answers nobody": [("BoraStuckExecutor", "datapoints"), ("BoraFailures", "datapoints")],
    "a program that waits ten minutes for KairosDB": [("BoraOldestInFlight", "patient"),
                                                      ("BoraStuckExecutor", "patient")],
    "Redis answers nobody": [("BoraNotReady", "alerts"), ("BoraNotReady", "thresholds")],
    "the older system answers nobody": [("BoraNotReady", "legacy"), ("BoraFailures", "legacy")],
    "a record that is no report": [("BoraDeadLetters", "raw"), ("BoraDeadLetters", "authentication")],
    "somebody paused a spout of raw": [("BoraLagInSeconds", "raw"), ("BoraLagInRecords", "raw")],
    "reports of a device that nobody knows": [("BoraRejects", "authentication")],
}
# And after these, alone: nothing else is seen without it.
BROKERS_AWAY = {
    "the broker is stopped": [("BoraSourceFails", "raw"), ("BoraSourceFails", "legacy"), ("BoraNotReady", "raw"),
                              ("BoraNotReady", "legacy")],
}
PATIENCE = 600  # s, until all of these are told, and until all have ended
BACKLOG = 110_000  # records: above what BoraLagInRecords allows
FLOOD = 200  # records a second, after these


def shortened(rules, factor):
    """The text of a file of rules, whose times are shorter by this factor; at least a second."""
    def less(match):
        seconds = max(1, round(int(match[2]) * SECONDS[match[3]] / factor))
        return f"{match[1]}{seconds}s"
    return re.sub(r"(\bfor: |\[)(\d+)([smh])", less, rules)


class Prometheus:
    """Runs until the end of a `with`."""

    def __init__(self, cluster, factor, others=()):
        """`others`: more targets, as (name, port)."""
        self.directory = cluster.state / "prometheus"
        self.directory.mkdir(parents=True, exist_ok=True)
        self._prefix = cluster.prefix
        services = cluster.services()
        host = cluster.host(services)
        self.targets = {name: host.port(name, 9400) for name, unit in cluster.status().items()
                        if "9400" in services[name].listens and unit["state"] == "healthy"}
        targets = {**self.targets, **dict(others)}
        rules = (cluster.root / "deploy/prometheus/rules.yaml").read_text(encoding="utf-8")
        (self.directory / "rules.yaml").write_text(shortened(rules, factor), encoding="utf-8")
        (self.directory / "prometheus.yaml").write_text(json.dumps({  # which is YAML, too
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "bora", "static_configs": [
                {"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}} for name, port in targets.items()]}],
        }), encoding="ascii")
        self.url = f"http://127.0.0.1:{free_port()}"
        self._process = None

    def __enter__(self):
        with open(self.directory / "log", "wb") as log:
            self._process = subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yaml", f"--storage.tsdb.path=data-{os.getpid()}",
                 f"--web.listen-address={self.url.removeprefix('http://')}"],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not wait_for(lambda: len(self.query("up == 1")) >= len(self.targets), 60):
            self.__exit__()
            raise SystemExit(f"cluster: Prometheus does not reach all of {', '.join(self.targets)}\n"
                             f"  mend: see {self.directory}/log")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def query(self, expression):
        """The labels and values of what it finds; nothing before Prometheus answers."""
        if self._process.poll() is not None:
            raise SystemExit(f"cluster: Prometheus ended\n  mend: see {self.directory}/log")
        with contextlib.suppress(OSError):
            url = f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}"
            with urllib.request.urlopen(url, timeout=20) as answer:
                return [(one["metric"], float(one["value"][1])) for one in json.load(answer)["data"]["result"]]
        return []

    def firing(self, during=""):
        """(alarm, instance) of all that fire now, or did within a time before."""
        alarms = f'ALERTS{{alertstate="firing"}}{during}'
        found = self.query(f"max_over_time({alarms})" if during else alarms)
        return {self._named(labels) for labels, _ in found}

    def fired(self, seconds):
        """How often each alarm began to fire during these last seconds, with who it was of."""
        alarms = 'ALERTS{alertstate="firing"}'
        # A series of its own for each: how many of its seconds had none a second before.
        begun = self.query(f"sum_over_time(({alarms} unless {alarms} offset 2s)[{round(seconds)}s:2s])")
        found = collections.Counter()
        for labels, times in begun:
            found[self._named(labels)] += round(times)
        return found

    def _named(self, labels):
        whose = labels.get("instance") or labels.get("group", "").removeprefix(self._prefix)
        return labels["alertname"], whose


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(condition, patience):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


@contextlib.contextmanager
def patient(cluster, port):
    """`datapoints` in a group of its own, whose operator has it wait ten minutes for an answer."""
    services = cluster.services()
    host, service = cluster.host(services), services["datapoints"]
    state = cluster.state / "patient"
    state.mkdir(exist_ok=True)
    environment = {"PATH": f"{cluster.bin}:/usr/bin", **host.environment(service),
                   "BORA__CONTROL__PORT": str(port), "STATE_DIRECTORY": str(state)}
    settings = ("datapoints.group=patient", "series.timeout=10m", "engine.message_timeout=15m")
    command = host.command(service, service.command) + [word for each in settings for word in ("--set", each)]
    with open(state / "log", "ab") as log, subprocess.Popen(
            command, cwd=state, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def unknown_device(cluster):
    """Its reports come on and on: at once as many as BoraLagInRecords takes for a backlog, then fewer."""
    kcat = ["kcat", "-q", "-b", cluster.addresses["BORA_KAFKA"], "-t", f"{cluster.prefix}reports"]
    one = subprocess.run([*kcat, "-C", "-o", "beginning", "-c", "1"], check=True, capture_output=True, timeout=60)
    report = json.loads(one.stdout)
    report["device"]["id"] = 2**40
    line, over = json.dumps(report).encode() + b"\n", threading.Event()

    def send():
        with subprocess.Popen([*kcat, "-P"], stdin=subprocess.PIPE) as producer:
            number = BACKLOG
            while not over.wait(1):
                producer.stdin.write(line * number)
                producer.stdin.flush()
                number = FLOOD

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def tell(cluster, name, what, spout):
    """pause or resume, as an operator does it."""
    port = cluster.host(cluster.services()).port(name, 9400)
    subprocess.run([cluster.bin / name, what, spout, "--at", f"http://127.0.0.1:{port}",
                    "--set", f"control.token_file={cluster.state / name / (name + '.token')}"],
                   check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def everything_wrong(cluster):
    """What EXPECTED says, until the end of the `with`."""
    def server(what, name):
        subprocess.run([cluster.root / "scripts/services", what, name], check=True, stdout=subprocess.DEVNULL)
    with contextlib.ExitStack() as mend:
        receiver = cluster.pid_of("receiver")
        # Before raw is paused, which reads it, too.
        subprocess.run(["kcat", "-P", "-b", cluster.addresses["BORA_KAFKA"], "-t", f"{cluster.prefix}reports"],
                       input=b"{no report\n", check=True)
        os.kill(receiver, signal.SIGSTOP)
        mend.callback(os.kill, receiver, signal.SIGCONT)
        for name in ("kairosdb", "redis"):
            server("pause", name)
            mend.callback(server, "resume", name)
        tell(cluster, "raw", "pause", "records")
        mend.callback(tell, cluster, "raw", "resume", "records")
        cluster.stop("admin")
        mend.callback((cluster.state / "admin/stopped").unlink)  # nobody waits for it: others are not well yet
        for _ in range(4):
            cluster.kill("authentication")
            # Scraped at least once between two deaths: what nobody saw is no restart.
            time.sleep(1)
            wait_for(lambda: cluster.status()["authentication"]["state"] == "healthy", 60)
            time.sleep(3)
        mend.enter_context(unknown_device(cluster))
        yield


@contextlib.contextmanager
def brokers_away(cluster):
    script = cluster.root / "scripts/services"
    subprocess.run([script, "stop", "kafka"], check=True, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        subprocess.run([script, "start", "kafka"], check=True, stdout=subprocess.DEVNULL)


def provoke(prometheus, expected, wrong, say):
    """What is at fault with the alarms, while these things are wrong and after it, in words."""
    faults = []
    with wrong:
        say(f"wrong: {'; '.join(expected)}")
        wanted = {pair for pairs in expected.values() for pair in pairs}
        seen = set()
        wait_for(lambda: seen.update(prometheus.firing()) or wanted <= seen, PATIENCE)
        for what, pairs in expected.items():
            say(f"{what}: {told(set(pairs) & seen) or 'nothing'}")
        say(f"beside these: {told(seen - wanted) or 'nothing'}")
        if not wanted <= seen:
            faults.append(f"these did not fire within {PATIENCE} s: {told(wanted - seen)}")
    say("all is well again")
    if not wait_for(lambda: not prometheus.firing(), PATIENCE):
        faults.append(f"these fire {PATIENCE} s later: {told(prometheus.firing())}")
    say("silent again" if not prometheus.firing() else "not silent again")
    return faults


def run(cluster, calm, factor):
    began = time.monotonic()

    def say(what):
        print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)

    faults = []
    port = free_port()
    with patient(cluster, port), Prometheus(cluster, factor, [("patient", port)]) as prometheus:
        say(f"Prometheus scrapes {len(prometheus.targets) + 1} processes; times of rules are shortened {factor} times")
        # What ran before, and the patient one's way through what is there, are no part of the calm.
        wait_for(lambda: len(prometheus.query("bora_ready == 1")) > len(prometheus.targets), 60)
        time.sleep(calm)
        false = prometheus.firing(f"[{calm}s]")
        say(f"calm for {calm} s: {told(false) or 'silent'}")
        if false:
            faults.append("an alarm fired while all was well")
        faults += provoke(prometheus, EXPECTED, everything_wrong(cluster), say)
        faults += provoke(prometheus, BROKERS_AWAY, brokers_away(cluster), say)
    for fault in faults:
        print(f"alarms: {fault}")
    print(f"alarms: {'wrong' if faults else 'all in order'}")
    return 1 if faults else 0


def told(pairs):
    return ", ".join(f"{alarm} of {instance}" for alarm, instance in sorted(pairs))
