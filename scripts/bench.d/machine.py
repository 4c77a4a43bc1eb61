"""What the machine did while something ran: how much of it others had, and the hypervisor."""
import os
import resource
import subprocess
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Noise:
    """Shares of the whole machine, 0 to 1. `others`: used by neither what was measured nor what it needs."""
    others: float
    steal: float


@dataclass(frozen=True)
class Reading:
    total: float
    busy: float
    steal: float
    own: float

    @staticmethod
    def now(servers: tuple[int, ...] = ()) -> "Reading":
        """Seconds since boot, over all cores; `own` is that of children that ended, and of servers."""
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, idle, wait, irq, soft, steal = map(int, file.readline().split()[1:9])
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        mine = resource.getrusage(resource.RUSAGE_SELF)
        own = ended.ru_utime + ended.ru_stime + mine.ru_utime + mine.ru_stime
        busy = user + nice + system + irq + soft
        return Reading((busy + idle + wait + steal) / TICKS, busy / TICKS, steal / TICKS,
                       own + sum(cpu_of(pid) for pid in servers))


def cpu_of(pid: int) -> float:
    """Seconds that a process has had; 0 when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def noise_between(before: Reading, after: Reading) -> Noise:
    total = after.total - before.total
    if total <= 0:
        return Noise(0.0, 0.0)
    others = (after.busy - before.busy) - (after.own - before.own)
    # /proc/stat counts in ticks: less than two for each core is taken for nothing.
    blur = 2 * (os.cpu_count() or 1) / TICKS
    return Noise(max(0.0, others / total) if others > blur else 0.0,
                 (after.steal - before.steal) / total)


def describe() -> dict[str, str]:
    """What figures depend on besides the code."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) / 2**20
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    return {"processor": models[0] if models else "unknown", "cores": str(os.cpu_count()),
            "memory": f"{memory:.0f} GiB", "kernel": os.uname().release,
            "load at the start": f"{os.getloadavg()[0]:.2f}", "commit": commit or "unknown"}
