"""Run the engine's contests and print their table: `python -m benchmarks [NAME ...] [--quick] [--out FILE]`."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
from pathlib import Path

from benchmarks import engine
from benchmarks.contest import Contest, Outcome, held, table_of


def contests() -> list[Contest]:
    """Every contest of every module in `benchmarks.engine`."""
    modules = sorted(module.name for module in pkgutil.iter_modules(engine.__path__))
    found = [importlib.import_module(f"benchmarks.engine.{name}") for name in modules]
    return [contest for module in found for contest in getattr(module, "CONTESTS", ())]


def main() -> None:
    """Hold the contests asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="contests whose name contains one of these; all if none is given")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes or gigabytes")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    wanted = [
        contest
        for contest in contests()
        if (not options.names or any(name in contest.name for name in options.names))
        and not (options.quick and contest.is_long)
    ]
    outcomes: list[Outcome] = []
    for contest in wanted:
        print(f"... {contest.name}", flush=True)
        outcomes.append(held(contest))
    print(table_of(outcomes))
    if options.out:
        options.out.write_text(json.dumps([outcome.to_json() for outcome in outcomes], indent=1) + "\n")


if __name__ == "__main__":
    main()
