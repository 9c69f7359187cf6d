"""Two organisations: a council that owns an evaluation and a college it is shared with."""

from types import SimpleNamespace

import pytest

from evaluations.runs.actions import claim, queue_run
from evaluations.runs.tasks import work_on
from tests.workspace_records import (
    SPEC_PANEL,
    make_dataset,
    make_evaluation,
    make_locked_plan,
    make_organisation,
    make_user,
    panel,
)


def answered_run(plan, by):
    """A run of a locked plan that has been answered."""
    run = queue_run(plan=plan, by=by)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    assert run.state == "done", run.reason
    return run


@pytest.fixture
def world(db):
    """An owner with an analyst and a lead, a partner with a lead, and one evaluation with an answered run."""
    lead, analyst, partner_lead = make_user("Lena"), make_user("Eva"), make_user("Pat")
    council = make_organisation(lead=lead, analyst=analyst)
    college = make_organisation(lead=partner_lead)
    evaluation = make_evaluation(owner=council, by=analyst)
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=panel())
    plan = make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=SPEC_PANEL)
    run = answered_run(plan, analyst)
    return SimpleNamespace(
        lead=lead,
        analyst=analyst,
        partner=partner_lead,
        council=council,
        college=college,
        evaluation=evaluation,
        dataset=dataset,
        plan=plan,
        run=run,
    )
