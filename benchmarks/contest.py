"""Contests between ways to compute the same thing: each contender in its own process, timed and weighed alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

TIME_LIMIT_S = 1800


@dataclass(frozen=True)
class Contender:
    """`prepare`, as "module:function", takes the contest's arguments and gives a function to time."""

    name: str
    prepare: str


@dataclass(frozen=True)
class Contest:
    """The same work for several contenders; the first is ours. `aim` says in words what we want to see."""

    name: str
    aim: str
    contenders: tuple[Contender, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    repeats: int = 5
    is_long: bool = False
    memory_limit_gb: float = 16


@dataclass(frozen=True)
class Time:
    """What one contender needed: the median of its runs, the most memory held in any, and its answer."""

    contender: str
    seconds: float | None
    peak_mb: float | None
    answer: Any = None
    failure: str | None = None


@dataclass(frozen=True)
class Outcome:
    """A contest and its times."""

    contest: Contest
    times: tuple[Time, ...]

    def to_json(self) -> dict[str, Any]:
        """The figures, without what only running them needs."""
        return {
            "name": self.contest.name,
            "aim": self.contest.aim,
            "arguments": self.contest.arguments,
            "times": [asdict(time) for time in self.times],
        }


def held(contest: Contest) -> Outcome:
    """The outcome of a contest."""
    return Outcome(contest, tuple(_timed(contest, contender) for contender in contest.contenders))


def _timed(contest: Contest, contender: Contender) -> Time:
    task = {
        "prepare": contender.prepare,
        "arguments": contest.arguments,
        "repeats": contest.repeats,
        "memory_limit_gb": contest.memory_limit_gb,
    }
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.one", json.dumps(task)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.test_settings"}
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S, env=environment)
    except subprocess.TimeoutExpired:
        return Time(contender.name, None, None, failure=f"more than {TIME_LIMIT_S} s")
    if run.returncode:
        return Time(contender.name, None, None, failure=(run.stderr.strip().splitlines() or ["killed"])[-1][:200])
    figures = json.loads(run.stdout.splitlines()[-1])
    return Time(contender.name, statistics.median(figures["seconds"]), figures["peak_mb"], figures["answer"])


def table_of(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a table for reading."""
    lines = []
    for outcome in outcomes:
        lines.append(f"\n{outcome.contest.name}  [{outcome.contest.aim}]")
        ours = outcome.times[0]
        for time in outcome.times:
            if time.seconds is None or time.peak_mb is None:
                lines.append(f"  {time.contender:28} failed: {time.failure}")
                continue
            ratio = f"x {time.seconds / ours.seconds:6.2f}" if ours.seconds else ""
            lines.append(
                f"  {time.contender:28} {time.seconds:9.3f} s {time.peak_mb:9.0f} MB  {ratio:10} {_short(time.answer)}"
            )
    return "\n".join(lines)


def _short(answer: Any) -> str:
    if isinstance(answer, list):
        return " ".join(_short(item) for item in answer[:4])
    return f"{answer:.8g}" if isinstance(answer, float) else str(answer)
