"""A question the data cannot answer is refused in the same words on the page, by the API and by the engine."""

import html

import numpy as np
import pandas as pd
import pytest
from rest_framework.test import APIClient

from evaluations.runs.actions import claim, queue_run
from evaluations.runs.models import RunState
from evaluations.runs.tasks import work_on
from tests.engine_inputs import panel_frame
from tests.workspace_records import make_dataset, make_evaluation, make_locked_plan, make_organisation, make_user

pytestmark = pytest.mark.django_db

COLUMNS = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}
NEVER = float("nan")


def design(**columns) -> dict:
    return {"estimator": "callaway_santanna", "columns": {**COLUMNS, **columns}, "options": {"sensitivity": []}}


CASES = {
    "no_untreated_units": (panel_frame([3.0] * 8, n_periods=4, noise=1.0), design()),
    "no_pre_period": (panel_frame([1.0] * 16, n_periods=4, noise=1.0), design()),
    "one_cluster": (
        panel_frame([3.0] * 8 + [NEVER] * 8, n_periods=4, noise=1.0).assign(area="all"),
        design(cluster="area"),
    ),
}


def refused_run(frame: pd.DataFrame, spec: dict):
    analyst = make_user("eva")
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=frame)
    plan = make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=spec)
    run = queue_run(plan=plan, by=analyst)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    return analyst, run


@pytest.mark.parametrize("code", CASES)
def test_the_refusal_reads_the_same_everywhere(client, code):
    analyst, run = refused_run(*CASES[code])
    assert (run.state, run.reason_code) == (RunState.REFUSED, code)
    refusal = run.result["refusal"]
    assert refusal["message"] and refusal["hint"]
    assert not run.result.get("estimates")
    api = APIClient()
    api.force_login(analyst)
    assert api.get(f"/api/v1/runs/{run.pk}/result/").json()["refusal"] == refusal
    client.force_login(analyst)
    page = html.unescape(client.get(f"/evaluations/{run.evaluation_id}/runs/{run.pk}/").content.decode())
    assert refusal["message"] in page
    assert refusal["hint"] in page


def test_a_constant_outcome_is_refused_and_never_a_zero_effect(client):
    frame = panel_frame([3.0] * 8 + [NEVER] * 8, n_periods=4).assign(outcome=1.0)
    _, run = refused_run(frame, design())
    assert run.reason_code == "outcome_constant"
    assert np.all([not run.result.get(part) for part in ("estimates", "att_gt", "event_study")])
