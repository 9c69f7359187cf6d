"""Everyone who may sign in, the records they share, and another organisation's, each text of which is a canary."""

from types import SimpleNamespace

import pytest

from evaluations.runs.models import AnalysisRun
from evaluations.sharing.actions import add_comment, request_release
from tests.integration.access.test_matrix import scene  # noqa: F401  (a fixture)
from tests.integration.sharing.conftest import answered_run, world  # noqa: F401  (a fixture)
from tests.workspace_records import (
    SPEC_PANEL,
    make_dataset,
    make_evaluation,
    make_intervention,
    make_locked_plan,
    make_organisation,
    make_user,
    panel,
)

CANARY = "Kanarienvogel"


@pytest.fixture
def foreign(db):
    """What an organisation keeps that is neither the scene's owner nor one of its partners."""
    lead, analyst = make_user(f"{CANARY}Lead"), make_user(f"{CANARY}Analyst")
    organisation = make_organisation(lead=lead, analyst=analyst)
    type(organisation).objects.filter(pk=organisation.pk).update(name=CANARY, slug=CANARY.lower())
    organisation.refresh_from_db()
    hidden = make_intervention(name=CANARY, visibility="draft", published_at=None)
    evaluation = make_evaluation(owner=organisation, by=analyst, title=CANARY, purpose=CANARY, intervention=hidden)
    stated = {"original_name": f"{CANARY}.csv", "controller": CANARY, "purpose": CANARY, "dpia_reference": CANARY}
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=panel(), **stated)
    plan = make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=SPEC_PANEL)
    run = answered_run(plan, analyst)
    review = request_release(run=run, reviewer=lead, by=analyst, note=CANARY)
    add_comment(evaluation=evaluation, run=run, body=CANARY, by=analyst)
    return SimpleNamespace(
        organisation=organisation,
        evaluation=evaluation,
        dataset=dataset,
        plan=plan,
        run=AnalysisRun.objects.get(pk=run.pk),
        review=review,
        lead=lead,
        analyst=analyst,
        intervention=hidden,
    )
