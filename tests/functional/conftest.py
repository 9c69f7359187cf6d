"""A real browser on a running site: pages at both widths, signing in, and the accessibility checker."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Browser, Page, sync_playwright

from evaluations.organisations.models import User

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = 1280, 360
PASSPHRASE = "correct horse battery staple"  # the tests' own
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Its driver runs an event loop in this thread, which Django would otherwise refuse to share."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium: install Debian's chromium, or name one in CHROMIUM")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser, live_server) -> Iterator[OpenPage]:
    """Opens pages on the running site; afterwards fails where a script broke or the content policy was breached."""
    contexts, problems = [], []

    def opened(width: int = WIDE, *, scheme: str = "light", javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on("console", lambda said: _note(problems, page, said.type, said.text))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def _note(problems: list[str], page: Page, kind: str, said: str) -> None:
    if kind == "error" and "Content Security Policy" in said:
        problems.append(f"{page.url}: {said}")


@pytest.fixture(params=[WIDE, NARROW], ids=["1280px", "360px"])
def page(open_page: OpenPage, request: pytest.FixtureRequest) -> Page:
    """A page of a wide, then of a narrow window."""
    return open_page(request.param)


@pytest.fixture
def wide_page(open_page: OpenPage) -> Page:
    return open_page(WIDE)


@pytest.fixture
def narrow_page(open_page: OpenPage) -> Page:
    return open_page(NARROW)


@pytest.fixture(scope="session")
def axe_source() -> str:
    if not AXE.exists():
        pytest.skip("the accessibility checker is not installed: make node_modules")
    return AXE.read_text()


@pytest.fixture
def axe(axe_source: str) -> Callable[[Page], list[str]]:
    """Violations on a page as it stands, in words.

    The checker is put in by the debugger, not by a script tag or `eval`, which the content policy refuses.
    """

    def violations(page: Page) -> list[str]:
        debugger = page.context.new_cdp_session(page)
        debugger.send("Runtime.evaluate", {"expression": f"{axe_source};0"})
        run = "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))"
        answer = debugger.send("Runtime.evaluate", {"expression": run, "awaitPromise": True})
        debugger.detach()
        return [
            f"{page.url}: {found['id']}: {found['help']}: {node['html'][:200]}"
            for found in json.loads(answer["result"]["value"])
            for node in found["nodes"]
        ]

    return violations


@pytest.fixture
def assert_accessible(axe: Callable[[Page], list[str]]) -> Callable[[Page], None]:
    """Fails on any violation in light or dark colours, or where the page scrolls sideways."""

    def check(page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == [], scheme
        page.emulate_media(color_scheme="light")
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls"

    return check


@pytest.fixture
def make_person(transactional_db) -> Callable[..., User]:
    """Someone who can sign in with `PASSPHRASE`."""

    def made(email: str = "ada@example.org", full_name: str = "Ada Analyst") -> User:
        user = User.objects.create_user(email, email=email, password=PASSPHRASE, full_name=full_name)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        return user

    return made


@pytest.fixture
def sign_in() -> Callable[..., None]:
    """Signs in through the form, as a person would."""

    def signed_in(page: Page, email: str = "ada@example.org", *, going_to: str = "/account/") -> None:
        page.goto(f"/account/login/?next={going_to}")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(PASSPHRASE)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"**{going_to}")

    return signed_in
