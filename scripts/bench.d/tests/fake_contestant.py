"""A contestant of the peer benchmarks that does nothing but say what it was told to say.

  --fault lose|reorder|miscount|saturate|ahead|late|overcount|cold|crash|garbage|unsupported
"""
import json
import sys
from typing import Any

SENT = 100_000
OUTPUTS, CHECKSUM = SENT, "00000000deadbeef"


def oracle(_graph: str, _tuples: int, _keys: int) -> tuple[int, str]:
    return OUTPUTS, CHECKSUM


def result(fault: str, rate: int, throughput: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        "system": "fake", "version": "1", "rate": rate, "sent": SENT, "received": OUTPUTS,
        "expected": OUTPUTS, "checksum": CHECKSUM, "throughput": rate or throughput,
        "seconds": 0.04,
        "cpu_us_per_tuple": 0.5, "peak_rss_bytes": 2**20, "per_second": [900, 1000, 1000, 1010, 1005],
        "latency_us": {"p50": 10.0, "p90": 20.0, "p99": 30.0, "p999": 40.0, "max": 50.0} if rate else None,
        "source_late_us_p99": 1.0, "saturated": False, "settings": {"fault": fault}}
    if fault == "lose":
        found["received"] -= 1
    elif fault == "reorder":
        found["checksum"] = "00000000deadbeee"
    elif fault == "miscount":
        found["received"] = found["expected"] = OUTPUTS - 1
    elif fault == "saturate" and rate:
        found |= {"throughput": 0.5 * rate, "saturated": True}
    elif fault == "ahead" and rate:
        found["throughput"] = 1.05 * rate
    elif fault == "late" and rate:
        found |= {"source_late_us_p99": 2_500.0, "latency_us": found["latency_us"] | {"p99": 3_000.0}}
    elif fault == "overcount":
        found["seconds"] = 1.02 * SENT / found["throughput"]
    elif fault == "cold":
        found["per_second"] = [100, 200, 400, 800, 1600]
    return found


def option(name: str, default: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def main() -> int:
    fault = option("--fault", "none")
    if fault == "unsupported":
        print("not supported: anything", file=sys.stderr)
        return 2
    if fault == "crash":
        print("it hurts", file=sys.stderr)
        return 134
    print("some progress")
    print("no JSON" if fault == "garbage" else
          json.dumps(result(fault, int(option("--rate", "0")), float(option("--throughput", "1e6")))))
    return 3 if fault == "lose" else 0


if __name__ == "__main__":
    sys.exit(main())
