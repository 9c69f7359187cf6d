"""One contender in a process of its own: prepare, time each run, say the most memory that was held."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main(task: dict[str, Any]) -> None:
    """Run the task and print its figures as JSON."""
    limit = int(task["memory_limit_gb"] * 1024**3)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    module, function = task["prepare"].split(":")
    work = getattr(importlib.import_module(module), function)(**task["arguments"])
    _forget_peak()
    seconds, answer = [], None
    for _ in range(task["repeats"]):
        started = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": seconds, "peak_mb": _peak_mb(), "answer": answer}))


def _forget_peak() -> None:
    """Count the peak from here on, with what is held now (Linux; elsewhere the peak is the process's)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_mb() -> float:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
