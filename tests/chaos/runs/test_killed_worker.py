"""A run killed with its worker is picked up again, and its estimate is logged exactly once."""

import pytest

from tests.chaos.runs.site import PREPARE, RELEASE, Site


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.manage("migrate", "--verbosity", "0")
    yield made
    made.close()


def test_a_run_killed_with_its_worker_is_done_by_the_next_and_logged_once(site):
    site.do(PREPARE.format(runs=1))
    worker = site.start_worker()
    site.wait_for(lambda runs: runs[0]["state"] == "running", what="the worker takes the run")
    site.kill(worker)
    site.start_sweeper()
    site.start_worker()
    site.wait_for(lambda runs: runs[0]["state"] == "done", what="the run is picked up again")
    assert site.runs()[0]["attempt"] == 2
    assert site.do(RELEASE).split() == ["1"]


def attempts(runs: list[dict]) -> int:
    """How often a run was taken by a worker, over all runs."""
    return sum(run["attempt"] for run in runs)


@pytest.mark.full
def test_many_kills_lose_and_double_nothing(site):
    site.do(PREPARE.format(runs=8))
    site.start_sweeper()
    for _ in range(5):
        before = attempts(site.runs())
        worker = site.start_worker()
        site.wait_for(lambda runs, before=before: attempts(runs) > before, what="a run is taken")
        site.kill(worker)
    site.start_worker()
    site.wait_for(lambda runs: all(run["state"] == "done" for run in runs), what="all are done", seconds=180)
    assert attempts(site.runs()) > 8
    assert site.do(RELEASE).split() == ["8"]
