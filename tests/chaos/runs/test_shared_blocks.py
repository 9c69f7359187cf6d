"""A large panel among real workers: the same bytes with one, two and four, and with one killed amid a block."""

import json
import os
import signal

import pytest

from tests.chaos.runs.site import Site

pytestmark = pytest.mark.full

PREPARE = """
import numpy as np, pandas as pd
from tests.workspace_records import *
n, t = 1_300_000, 4
rng = np.random.default_rng(1)
first = rng.choice([2012.0, 2013.0, float("nan")], n)
year = np.arange(2010, 2010 + t)
outcome = rng.normal(size=(n, 1)) + rng.normal(size=(n, t)) + (year >= first[:, None])
frame = pd.DataFrame({"unit": np.repeat(np.arange(n), t), "year": np.tile(year, n), "outcome": outcome.ravel()})
frame["first_treated"] = np.repeat(first, t)
analyst = make_user("Eva")
evaluation = make_evaluation(owner=make_organisation(lead=analyst), by=analyst)
dataset = make_dataset(evaluation=evaluation, by=analyst, frame=frame)
spec = {**SPEC_PANEL, "options": {"sensitivity": []}}
make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=spec)
"""
QUEUE = """
from evaluations.plans.models import AnalysisPlan
from evaluations.runs.actions import queue_run
plan = AnalysisPlan.objects.get()
queue_run(plan=plan, by=plan.created_by)
"""
LOOK = """
import json
from evaluations.runs.models import *
run = AnalysisRun.objects.order_by("pk").last()
blocks = RunBlock.objects.filter(of_pass__run=run).values("state", "attempt", "worker")
print(json.dumps({"hash": run.result_sha256, "blocks": list(blocks)}))
"""


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.manage("migrate", "--verbosity", "0")
    made.do(PREPARE)
    made.start_sweeper()
    yield made
    made.close()


def answered(site: Site, number: int) -> dict:
    def is_done(runs: list[dict]) -> bool:
        return len(runs) == number and runs[-1]["state"] == "done"

    site.wait_for(is_done, what="the run is done", seconds=240)
    return json.loads(site.do(LOOK))


def test_one_two_and_four_workers_and_a_killed_one_give_the_same_bytes(site):
    found = []
    for more in (1, 1, 2):
        for _ in range(more):
            site.start_worker()
        site.begin(QUEUE)
        if len(site.workers()) > 1:
            let_others_help(site)
        found.append(answered(site, len(found) + 1))
    assert [len(each["blocks"]) for each in found] == [5, 5, 5]
    assert [len({block["worker"] for block in each["blocks"]}) > 1 for each in found] == [False, True, True]
    killed = a_run_with_a_worker_killed_in_a_block(site)
    assert any(block["attempt"] > 1 for block in killed["blocks"])
    assert len({each["hash"] for each in (*found, killed)}) == 1


def let_others_help(site: Site) -> None:
    """Hold the worker that has the run until another has taken a block, however long that one takes to start."""
    site.wait_until(lambda: bool(site.claimed()), what="a block is taken")
    first = site.claimed()[0]
    os.kill(int(first.rpartition(":")[2]), signal.SIGSTOP)
    try:
        site.wait_until(lambda: any(worker != first for worker in site.claimed()), what="another helps", seconds=180)
    finally:
        os.kill(int(first.rpartition(":")[2]), signal.SIGCONT)


def a_run_with_a_worker_killed_in_a_block(site: Site) -> dict:
    for worker in site.workers():
        site.kill(worker)
    worker = site.start_worker()
    site.begin(QUEUE)
    site.wait_until(lambda: len(site.runs()) == 4 and bool(site.claimed()), what="a block is taken")
    site.kill(worker)
    site.start_worker()
    return answered(site, 4)
