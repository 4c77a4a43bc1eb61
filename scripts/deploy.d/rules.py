"""What scripts/check-deploy's parts share: faults, the programs, running one with a configuration."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).absolute().parent.parent.parent
DRAIN = 30  # s, the default of shutdown.timeout


class Faults:
    def __init__(self):
        self.count = 0

    def add(self, where, what):
        self.count += 1
        print(f"{where}: {what}", flush=True)

    def unless(self, holds, where, what):
        if not holds:
            self.add(where, what)


class Programs:
    """The binaries of the first build that has them all."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def has(self, name):
        return (self.directory / name).exists()

    def fault_of(self, command, environment=None):
        """What `PROGRAM validate ...` says instead of `PROGRAM run ...`; None when all is in order."""
        if not self.has(command[0]):
            return f"there is no program {command[0]} in {self.directory}"
        done = subprocess.run(
            [self.directory / command[0], *["validate" if part == "run" else part for part in command[1:]]],
            env={"PATH": os.environ["PATH"], **(environment or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        return None if done.returncode == 0 else done.stdout.strip()


def is_pinned(image):
    """A tag that says a version: no `latest`, no moving name such as `bookworm`."""
    tag = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else ""
    return bool(re.search(r"\d+\.\d+|\d{8}", tag))


def with_stand_ins(path, directory):
    """A copy of the configuration whose secret files exist, as they do where it is used."""
    secret = directory / "secret"
    secret.write_text("B12F31EBDDF2D982895195964FEAB0065031430B\n", encoding="ascii")
    text = re.sub(r"^(\s*\w+_file: )\S+", rf"\g<1>{secret}", path.read_text(encoding="utf-8"), flags=re.M)
    copy = directory / path.name
    copy.write_text(text, encoding="utf-8")
    return copy
