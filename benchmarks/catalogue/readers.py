"""Fifty readers at once against a served catalogue: how long each waited, and whether anyone met an error."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 120.0
PATIENCE_S = 120.0


def read_at_once(addresses: list[str], *, readers: int = 50, pages_each: int = 4) -> dict[str, Any]:
    """Serve the site as `make run` does, with this environment's database, and read it."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "180"]
    environment = {**os.environ, "ALLOWED_HOSTS": "*", "BEHIND_PROXY": "true"}
    served = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=environment)
    try:
        _wait_for(port)
        for address in addresses[:4]:
            _read(port, address)
        with ThreadPoolExecutor(readers) as pool:
            taken = list(pool.map(lambda reader: _visit(port, addresses, reader, pages_each), range(readers)))
    finally:
        served.terminate()
        served.wait(30)
    answers = [each for visit in taken for each in visit]
    times = sorted(elapsed for _, elapsed in answers)
    return {
        "readers_at_once": readers,
        "pages_read": len(answers),
        "pages_with_an_error": sum(status != 200 for status, _ in answers),
        "reader_median_ms": round(1000 * times[len(times) // 2]),
        "reader_p95_ms": round(1000 * times[int(0.95 * (len(times) - 1))]),
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        try:
            if _read(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("The site did not start.")


def _visit(port: int, addresses: list[str], reader: int, pages: int) -> list[tuple[int, float]]:
    return [_read(port, addresses[(reader * 7 + page * 3) % len(addresses)]) for page in range(pages)]


def _read(port: int, address: str) -> tuple[int, float]:
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", address, headers={"X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - started
    finally:
        connection.close()
