"""What every test may use: the shared reference data, and which tests run when."""

from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from hypothesis import settings as property_settings

from tests.clean_pages import page_problems

ROOT = Path(__file__).resolve().parent.parent

# A busy machine is no fault of the code, and the same examples everywhere make a failure repeatable.
property_settings.register_profile("uplift", deadline=None, derandomize=True, print_blob=True)
property_settings.load_profile("uplift")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run every test, and whole where it is reduced by default")
    parser.addoption("--browser", action="store_true", help="run the tests that need a real browser")
    parser.addoption(
        "--no-skip", action="store_true", help="fail when a test is skipped: here nothing has a reason to be"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for: `full`, `browser` and, in embedded mode, `server`."""
    asked = config.option.markexpr
    left_out = {
        "full": not config.option.full and "full" not in asked,
        "browser": not config.option.browser and "browser" not in asked,
        "server": settings.EMBEDDED,
    }
    out = [item for item in items if any(absent and item.get_closest_marker(name) for name, absent in left_out.items())]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in set(out)]


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Name what was skipped where nothing should be."""
    for report in terminalreporter.stats.get("skipped", []) if config.option.no_skip else []:
        terminalreporter.write_line(f"SKIPPED, and may not be here: {report.nodeid}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a skip into a failure where nothing should be skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.option.no_skip and reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _every_page_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every whole page that any test asks for, and fail on inline code, a missing label, a second h1 ..."""
    plain = Client.request

    def request(self: Client, **environ: object) -> HttpResponse:
        response = plain(self, **environ)
        if response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
            html = response.content.decode()
            if "<html" in html:
                assert page_problems(html) == [], environ.get("PATH_INFO")
        return response

    monkeypatch.setattr(Client, "request", request)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _no_places_stay_loaded():
    """Take away what a test loaded of postcodes, districts and small areas, which storage would keep for the next."""
    yield
    for name in default_storage.listdir("places")[1] if default_storage.exists("places") else ():
        default_storage.delete(f"places/{name}")


@pytest.fixture(autouse=True)
def _ledger_can_be_emptied(request):
    """Take the ledger's guards off before a transactional test empties its tables; emptying puts them back."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames) & {"transactional_db", "live_server"}
    if not names and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from evidence.estimates.ledger import drop_guards

    drop_guards(connection)


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether a test that is reduced by default should run whole (`make test-full`)."""
    return request.config.option.full


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference data that stands beside the project, never inside it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the reference data is not beside the project (looked in {folder})")
    return folder
