"""Keeps the services of a compose file running as processes: order of start, restarts with growing pauses,
health, an orderly stop. One thread for each service; a file NAME/stopped keeps one down.
"""
import json
import os
import signal
import subprocess
import threading
import time

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0  # s, doubled by each restart
STEADY_AFTER = 10.0  # s of life, after which the pause begins small again


def started_at(pid):
    """When the kernel started the process, in its ticks; None when it is gone. With the pid it names a
    process for good: another that gets the pid later has another time."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def alive(pid_file):
    """The pid in the file, if that very process runs; else None."""
    try:
        with open(pid_file, encoding="ascii") as file:
            pid, began = file.read().split()
    except (OSError, ValueError):
        return None
    return int(pid) if started_at(pid) == began else None


class Unit(threading.Thread):
    def __init__(self, service, host, supervisor):
        super().__init__(name=service.name)
        self.service = service
        self._host = host
        self._supervisor = supervisor
        self.directory = supervisor.state / service.name
        self.process = None
        self.starts = 0
        self.exit_code = None
        self.is_healthy = False
        self.stopping = threading.Event()

    # -- what others ask ----------------------------------------------------------------------------

    def state(self):
        if self.process is not None:
            return "healthy" if self.is_healthy and not self.service.is_job else "running"
        if self.service.is_job and self.exit_code == 0:
            return "done"
        if self.is_held():
            return "stopped"
        return "waits" if self.exit_code is None else f"exit {self.exit_code}"

    def is_held(self):
        return (self.directory / "stopped").exists()

    def meets(self, condition):
        if condition == "completed_successfully":
            return self.service.is_job and self.exit_code == 0
        return self.is_healthy if condition == "healthy" else self.process is not None

    # -- its thread ---------------------------------------------------------------------------------

    def run(self):
        pause = FIRST_PAUSE
        while not self.stopping.is_set():
            if self.is_held() or not self._supervisor.are_met(self.service.needs):
                self.stopping.wait(0.1)
                continue
            began = time.monotonic()
            self._live()
            if self.service.is_job:
                return  # as `restart: "no"` says, whatever became of it
            if time.monotonic() - began > STEADY_AFTER:
                pause = FIRST_PAUSE
            self.stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _live(self):
        """From a start to the end of the process."""
        # A state directory of its own, as the image and the unit give it.
        environment = dict(self._supervisor.environment, STATE_DIRECTORY=str(self.directory))
        environment.update(self._host.environment(self.service))
        command = self._host.command(self.service, self.service.command)
        with open(self.directory / "log", "ab") as log:
            try:
                self.process = subprocess.Popen(
                    command, cwd=self.directory, env=environment, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True)
            except OSError as fault:
                log.write(f"supervisor: {command[0]}: {fault}\n".encode())
                self.exit_code = 127
                return
        pid = self.process.pid
        (self.directory / "pid").write_text(f"{pid} {started_at(pid)}\n", encoding="ascii")
        self.starts += 1
        self._supervisor.show()
        self._watch(environment)
        self.exit_code = self.process.wait()
        self.process, self.is_healthy = None, False
        self._supervisor.show()

    def _watch(self, environment):
        look_at = 0.0
        while self.process.poll() is None:
            if self.stopping.is_set() or self.is_held():
                return self._end()
            if time.monotonic() >= look_at:
                self._look(environment)
                look_at = time.monotonic() + (2.0 if self.is_healthy else 0.3)
            time.sleep(0.05)

    def _look(self, environment):
        was = self.is_healthy
        self.is_healthy = True
        if self.service.probe:
            probe = self._host.command(self.service, self.service.probe)
            try:
                done = subprocess.run(probe, env=environment, timeout=5, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                self.is_healthy = done.returncode == 0
            except subprocess.TimeoutExpired:
                self.is_healthy = False
        if was != self.is_healthy:
            self._supervisor.show()

    def _end(self):
        self.process.terminate()
        try:
            self.process.wait(self.service.grace)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Supervisor:
    def __init__(self, services, host, state, environment):
        self.state = state
        self.environment = environment
        self._lock = threading.Lock()
        self._units = {name: Unit(service, host, self) for name, service in services.items()}
        self._is_over = threading.Event()
        for unit in self._units.values():
            unit.directory.mkdir(parents=True, exist_ok=True)
            host.make_directories(unit.service)

    def are_met(self, needs):
        return all(self._units[name].meets(condition) for name, condition in needs.items())

    def show(self):
        """Into status.json, whole or not at all."""
        with self._lock:
            status = {name: {"state": unit.state(), "starts": unit.starts, "exit": unit.exit_code}
                      for name, unit in self._units.items()}
            path = self.state / "status.json"
            new = path.with_suffix(".new")
            new.write_text(json.dumps(status), encoding="ascii")
            os.replace(new, path)

    def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._is_over.set())
        for unit in self._units.values():
            unit.start()
        while not self._is_over.wait(0.5):
            self.show()
        self._stop()
        self.show()

    def _stop(self):
        """Who needs others ends before them; those between whom there is no order, at once."""
        left = dict(self._units)
        while left:
            needed = {name for unit in left.values() for name in unit.service.needs}
            last = [name for name in left if name not in needed]
            for name in last:
                left[name].stopping.set()
            for name in last:
                left.pop(name).join()
