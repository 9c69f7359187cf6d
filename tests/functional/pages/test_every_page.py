"""Every kind of page that can be reached by following links, found by following them, signed in or not."""

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.urls import Resolver404, resolve

from evaluations.organisations.actions import create_organisation
from evaluations.runs.actions import claim
from evaluations.runs.example_actions import start_example
from evaluations.runs.examples import EXAMPLES
from evaluations.runs.tasks import work_on

NOT_PAGES = re.compile(
    r"\.(csv|json|xml|pdf|docx|xlsx|parquet|ris|bib|atom|svg|txt)$|^/(static|api/v1/(?!docs/)|healthz|readyz)"
)


def kind_of(address: str) -> str | None:
    """Which kind of page an address is of; None for what is not a page."""
    parts = urlsplit(address)
    if parts.netloc or not parts.path or NOT_PAGES.search(parts.path) or re.search(r"(format|download)=", parts.query):
        return None
    try:
        found = resolve(parts.path)
    except Resolver404:
        return f"missing: {parts.path}"
    return f"{found.view_name}?{'&'.join(sorted({pair.split('=')[0] for pair in parts.query.split('&') if pair}))}"


def links_on(page) -> list[str]:
    """The addresses that a page links to on its own site, without their fragments."""
    found = page.evaluate("() => [...document.querySelectorAll('a[href]')].map(link => link.href.split('#')[0])")
    site = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    return [link.removeprefix(site) for link in found if link.startswith(f"{site}/")]


def visit(page, check, *, of_each: int, start: str = "/", within: tuple[str, ...] = ("/",)) -> Counter:
    """Open pages breadth first, a few of each kind, and check each."""
    waiting, seen, kinds, missing = [start], {start}, Counter(), []
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind is None or kinds[kind] >= of_each:
            continue
        kinds[kind] += 1
        response = page.goto(address)
        if kind.startswith("missing") or response.status >= 400:
            missing.append(f"{address}: {response.status}")
            continue
        if not response.headers.get("content-type", "").startswith("text/html"):
            continue
        check(page)
        for link in links_on(page):
            if link not in seen and link.startswith(within):
                seen.add(link)
                waiting.append(link)
    assert missing == [], missing
    return kinds


@pytest.fixture
def starter(transactional_db):
    call_command("load_catalogue", verbosity=0)


@pytest.fixture
def of_each(full) -> int:
    return 3 if full else 1


def test_every_kind_of_public_page_is_accessible_and_no_link_is_dead(page, starter, assert_accessible, of_each):
    kinds = visit(page, assert_accessible, of_each=of_each)
    names = {kind.split("?")[0] for kind in kinds}
    assert {"start", "interventions", "intervention", "estimate", "study", "places", "place", "account_login"} <= names


@pytest.fixture
def evaluator(make_person):
    """Someone with an example that has run."""
    person = make_person()
    organisation = create_organisation(name="A council", by=person)
    run = start_example(example=next(iter(EXAMPLES.values())), owner=organisation, by=person)
    work_on(claim(run_id=run.pk, worker="test"))
    return person


def test_every_kind_of_page_of_the_workspace_is_accessible_and_no_link_is_dead(
    page, evaluator, sign_in, assert_accessible, of_each
):
    sign_in(page)
    kinds = visit(
        page, assert_accessible, of_each=of_each, start="/evaluations/", within=("/evaluations/", "/account/")
    )
    names = {kind.split("?")[0] for kind in kinds}
    assert {"evaluations", "evaluation", "datasets", "plan", "run", "account"} <= names
