"""Every kind of page a visitor can reach by following links, found by following them."""

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.urls import Resolver404, resolve

OF_EACH_KIND = 2
NOT_PAGES = re.compile(
    r"\.(csv|json|xml|pdf|docx|parquet|ris|bib|atom|svg|txt)$|^/(static|api/v1/(?!docs/)|healthz|readyz)"
)


def kind_of(address: str) -> str | None:
    """Which kind of page an address is of; None for what is not a page."""
    parts = urlsplit(address)
    if parts.netloc or not parts.path or NOT_PAGES.search(parts.path) or "format=" in parts.query:
        return None
    try:
        found = resolve(parts.path)
    except Resolver404:
        return f"missing: {parts.path}"
    return f"{found.view_name}?{'&'.join(sorted({pair.split('=')[0] for pair in parts.query.split('&') if pair}))}"


def links_on(page) -> list[str]:
    found = page.evaluate("() => [...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))")
    base = urlsplit(page.url)
    here = [f"{base.path}{link}" if link.startswith("?") else link for link in found if not link.startswith("#")]
    return [link.split("#")[0] for link in here]


def visit(page, check, *, start: str = "/", limit: int = 80) -> Counter:
    """Open pages breadth first, a few of each kind, and check each."""
    waiting, seen, kinds, missing = [start], {start}, Counter(), []
    while waiting and sum(kinds.values()) < limit:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind is None or kinds[kind] >= OF_EACH_KIND:
            continue
        kinds[kind] += 1
        response = page.goto(address)
        if kind.startswith("missing") or response.status >= 400:
            missing.append(f"{address}: {response.status}")
            continue
        check(page)
        for link in links_on(page):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    assert missing == []
    return kinds


@pytest.fixture
def starter(transactional_db):
    call_command("load_catalogue", verbosity=0)


def test_every_kind_of_public_page_is_accessible_and_no_link_is_dead(page, starter, assert_accessible):
    kinds = visit(page, assert_accessible)
    names = {kind.split("?")[0] for kind in kinds}
    assert {"start", "interventions", "intervention", "estimate", "study", "places", "place", "account_login"} <= names
