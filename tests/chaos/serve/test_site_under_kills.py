"""Whatever is killed, every run is answered, and answered once."""

import signal
import time

import numpy as np
import pytest

from tests.chaos.serve.live_site import live_site, wait_until


@pytest.fixture
def site(tmp_path):
    with live_site(tmp_path) as site:
        yield site


def all_ended(site, runs):
    states = site.states()
    return all(states[run] not in {"queued", "running"} for run in runs)


@pytest.mark.parametrize(
    "with_its_children",
    [
        pytest.param(True, id="the whole worker"),
        pytest.param(False, id="its main process only", marks=pytest.mark.full),
    ],
)
def test_a_run_whose_worker_is_killed_is_picked_up_and_answered_once(site, with_its_children):
    run = site.queue_run_unseen()
    wait_until(lambda: site.states()[run] == "running", "the run has started", every_s=0.01)
    site.kill("celery", with_its_children=with_its_children)
    wait_until(lambda: all_ended(site, [run]), "the run is picked up again")
    assert site.states()[run] == "done"
    assert site.attempts(run) == 2
    assert site.endings(run) == 1


@pytest.mark.full
def test_runs_survive_the_whole_site_being_killed(site):
    run = site.queue_run_unseen()
    wait_until(lambda: site.states()[run] == "running", "the run has started", every_s=0.01)
    site.kill("celery", with_its_children=True)
    site.process.send_signal(signal.SIGKILL)
    site.process.wait()
    wait_until(lambda: not site.part("gunicorn"), "the old site is gone")
    site.start()
    wait_until(lambda: all_ended(site, [run]), "the run is picked up again")
    assert site.states()[run] == "done"
    assert site.endings(run) == 1


@pytest.mark.full
def test_fifteen_runs_under_eight_kills_give_fifteen_answers(site):
    draw = np.random.default_rng(7)
    runs = site.queue_runs(15)
    for _ in range(8):
        if all_ended(site, runs):
            break
        wait_until(lambda: "running" in site.states().values() or all_ended(site, runs), "something runs", every_s=0.01)
        time.sleep(draw.uniform(0, 1.5))
        site.kill("celery", with_its_children=bool(draw.integers(0, 2)))
    wait_until(lambda: all_ended(site, runs), "every run is answered")
    assert {site.states()[run] for run in runs} == {"done"}
    assert [site.endings(run) for run in runs] == [1] * 15
