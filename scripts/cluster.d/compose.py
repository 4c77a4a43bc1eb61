"""What docker-compose.yml says, as processes on this machine: the very commands, environments and orders.

Names of containers become addresses on loopback, mount points become directories; nothing else is changed,
so a command that works here is the one that the containers run.
"""
import os
import pathlib
import re

import yaml

# Run by scripts/services, with the port that its containers listen at.
SERVERS = {"kafka": "9092", "redis": "6379", "kairosdb": "8080"}
# Needed by containers only: a server behind a server, and who owns a volume.
LEFT_OUT = {"cassandra", "enrolled-owner"}


class ComposeError(Exception):
    pass


def _interpolate(text, variables):
    """${NAME}, ${NAME:-default} and $$, as compose has them."""
    def value(match):
        if match[0] == "$$":
            return "$"
        return variables.get(match[1]) or (match[2] or "")
    return re.sub(r"\$\$|\$\{(\w+)(?::-([^}]*))?\}", value, text)


def _map_texts(node, change):
    if isinstance(node, dict):
        return {key: _map_texts(value, change) for key, value in node.items()}
    if isinstance(node, list):
        return [_map_texts(value, change) for value in node]
    return change(node) if isinstance(node, str) else node


def _seconds(text):
    match = re.fullmatch(r"(\d+)(s|m)", text)
    if not match:
        raise ComposeError(f"{text} is no time in s or m")
    return int(match[1]) * (60 if match[2] == "m" else 1)


class Service:
    """One that is run here. `needs` holds conditions: name -> started, healthy or completed_successfully."""

    def __init__(self, name, node):
        self.name = name
        self.command = node["command"]
        self.environment = {key: str(value) for key, value in (node.get("environment") or {}).items()}
        self.mounts = [mount.split(":")[:2] for mount in node.get("volumes", [])]
        self.listens = [str(port) for port in node.get("expose", [])]
        self.is_job = node.get("restart", "no") == "no"
        self.grace = _seconds(node.get("stop_grace_period", "10s"))
        health = node.get("healthcheck") or {}
        self.probe = None if health.get("disable") else health.get("test", [None])[1:] or None
        mode = node.get("network_mode", "")
        self.shares = mode.partition("service:")[2] or None  # whose loopback it sees
        self.needs = {
            other: how["condition"].removeprefix("service_")
            for other, how in (node.get("depends_on") or {}).items()
            if other not in SERVERS and other not in LEFT_OUT
        }


def read(path, variables):
    """name -> Service, those that are needed before those that need them."""
    with open(path, encoding="utf-8") as file:
        nodes = _map_texts(yaml.safe_load(file), lambda text: _interpolate(text, variables))["services"]
    services = {name: Service(name, node) for name, node in nodes.items()
                if name not in SERVERS and name not in LEFT_OUT}
    ordered = {}
    while len(ordered) < len(services):
        ready = [name for name, service in services.items()
                 if name not in ordered and all(other in ordered for other in service.needs)]
        if not ready:
            raise ComposeError("services need each other in a circle")
        for name in ready:
            ordered[name] = services[name]
    return ordered


class Host:
    """Where things are on this machine. `ports`: (service, port inside) -> port here."""

    def __init__(self, root, state, ports):
        self._root = pathlib.Path(root)
        self._state = pathlib.Path(state)
        self._ports = ports

    def path_of(self, source):
        if source.startswith("."):
            return self._root / source
        return self._state / "volumes" / source

    def port(self, service, inside):
        return self._ports[(service, str(inside))]

    def translate(self, service, text):
        """An argument, or the value of a variable, of this service."""
        for source, target in service.mounts:
            text = re.sub(rf"(?<![\w/]){re.escape(target)}(?=/|$)", str(self.path_of(source)), text)
        for name, inside in self._ports:
            text = re.sub(rf"\b{re.escape(name)}:{inside}\b",
                          f"127.0.0.1:{self.port(name, inside)}", text)
        own = service.shares or service.name
        for name, inside in self._ports:
            if name == own:
                text = re.sub(rf"\b127\.0\.0\.1:{inside}\b",
                              f"127.0.0.1:{self.port(own, inside)}", text)
        return text.replace("0.0.0.0", "127.0.0.1")

    def environment(self, service):
        environment = {}
        for key, value in service.environment.items():
            if key.endswith("PORT") and value in service.listens:
                value = str(self.port(service.name, value))
            environment[key] = self.translate(service, value)
        return environment

    def command(self, service, command):
        return [self.translate(service, argument) for argument in command]

    def make_directories(self, service):
        for source, _ in service.mounts:
            if not source.startswith("."):
                os.makedirs(self.path_of(source), mode=0o700, exist_ok=True)
