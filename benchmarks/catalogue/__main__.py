"""Generate, index, then time the public pages and the search; prints a table and writes JSON with `--out`."""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Measure on the database of DATABASE_URL, or on a new SQLite file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interventions", type=int, default=20_000)
    parser.add_argument("--estimates", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="a folder to keep the generated SQLite database in, or to find it")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    home = options.keep or Path(tempfile.mkdtemp(prefix="uplift-bench-"))
    home.mkdir(parents=True, exist_ok=True)
    os.environ["UPLIFT_HOME"] = str(home)
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    figures = {"database": _database(), **_filled(options), **_timed(options.repeats)}
    for name, value in figures.items():
        print(f"{name:46} {value}")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")


def _database() -> str:
    from django.db import connection

    return str(connection.vendor)


def _filled(options: Any) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.catalogue.generate import generate
    from evidence.catalogue.models import Intervention
    from evidence.search.actions import rebuild_index

    call_command("migrate", verbosity=0)
    if Intervention.objects.count() >= options.interventions:
        return {"interventions": options.interventions, "estimates": options.estimates}
    started = time.perf_counter()
    generate(n_interventions=options.interventions, n_estimates=options.estimates)
    generated = time.perf_counter()
    documents = rebuild_index()
    # As autovacuum does for a site that grows: without statistics PostgreSQL plans for empty tables.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {
        "interventions": options.interventions,
        "estimates": options.estimates,
        "generate_s": round(generated - started, 1),
        "index_s": round(time.perf_counter() - generated, 1),
        "documents": documents,
    }


QUERIES = (
    "search=young+people+not+in+work",
    "search=reading",
    "search=childcare&life_stage=early_years",
    "search=apprenticship+poor+neighbourhoods",
    "search=key+worker+families",
    "search=school",
    "search=mentoring+universities&place=E12000002",
    "search=coastal+jobs&design=did&design=randomised",
    "",
    "life_stage=school&evidence=effect_with_interval",
    "target_group=free-school-meals&direction=better",
    "place=E47000001",
    "search=basic+skil",
    "search=what+helps+parents+work+more+hours",
    "search=health+employment+support+sickness+benefit&status=live",
)


def _timed(repeats: int) -> dict[str, Any]:
    from django.conf import settings
    from django.contrib.auth.models import AnonymousUser
    from django.db import connection
    from django.http import QueryDict
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from benchmarks.catalogue.readers import read_at_once
    from evidence.catalogue.models import CatalogueVersion, Intervention
    from evidence.search.queries import find, read_criteria
    from evidence.search.snapshot import snapshot

    settings.ALLOWED_HOSTS = ["*"]
    client, draw = Client(), random.Random(7)
    slugs = list(Intervention.objects.order_by("pk").values_list("slug", flat=True)[:: 97 if repeats > 20 else 5])

    def search_new_words(query: str) -> None:
        snapshot("intervention").orders.clear()
        search(query)

    def search(query: str) -> None:
        find(AnonymousUser(), "intervention", read_criteria(QueryDict(query), "intervention"))

    def search_estimates(query: str) -> None:
        find(AnonymousUser(), "estimate", read_criteria(QueryDict(query), "estimate"))

    def page(address: str) -> None:
        response = client.get(address, secure=True)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")

    def gap_map_cold(_: str) -> None:
        CatalogueVersion.renew([draw.randint(1, 20_000)])
        page("/gap-map/")

    started = time.perf_counter()
    search("")
    snapshot_s = time.perf_counter() - started
    with CaptureQueriesContext(connection) as seen:
        page("/interventions/?search=school")
    chosen = [draw.choice(slugs) for _ in range(repeats)]
    picks = [draw.choice(QUERIES) for _ in range(repeats)]
    return {
        "first_look_s (reads the index once a process)": round(snapshot_s, 2),
        "list_page_queries": len(seen),
        **_times("search_with_all_facets", search_new_words, picks),
        **_times("same_words_other_filters", search, picks),
        **_times("search_estimates_with_all_facets", search_estimates, picks[: repeats // 2]),
        **_times("list_page", lambda query: page(f"/interventions/?{query}"), picks),
        **_times("intervention_page", lambda slug: page(f"/interventions/{slug}/"), chosen),
        **_times("gap_map_after_a_change", gap_map_cold, picks[:5]),
        **_times("gap_map", lambda _: page("/gap-map/"), picks[: max(5, repeats // 10)]),
        **read_at_once([*(f"/interventions/?{query}" for query in QUERIES), *(f"/interventions/{s}/" for s in chosen)]),
        "loop_of_3e6_additions_ms (how busy the machine was)": _loop_ms(),
    }


def _loop_ms() -> float:
    started, total = time.process_time(), 0
    for number in range(3_000_000):
        total += number
    return round(1000 * (time.process_time() - started), 1)


def _times(name: str, act: Callable[[str], None], asked: list[str]) -> dict[str, float]:
    act(asked[0])
    wall, processor = [], []
    for each in asked:
        started, started_processor = time.perf_counter(), time.process_time()
        act(each)
        wall.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - started_processor))
    return {
        f"{name}_median_ms": round(statistics.median(wall), 1),
        f"{name}_p95_ms": _p95(wall),
        f"{name}_processor_p95_ms": _p95(processor),
    }


def _p95(taken: list[float]) -> float:
    return round(sorted(taken)[min(len(taken) - 1, int(0.95 * len(taken)))], 1)


if __name__ == "__main__":
    main()
