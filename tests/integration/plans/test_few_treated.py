"""A plan for one treated unit begins at synthetic DiD with placebos, for few at randomisation, and says why."""

from __future__ import annotations

import pandas as pd
import pytest
from django.urls import reverse

from evaluations.plans.fewness import INFERENCE_OF_ONE, RANDOMISED, Counted, suited_inference
from evaluations.plans.queries import plan_issues
from evaluations.stats.engine import analyse
from evaluations.stats.issues import NotEstimable
from evaluations.stats.spec import PROXIMITY_ESTIMATORS
from evaluations.workspaces.models import LawfulBasis
from tests.engine_inputs import PANEL, panel_frame, spec_of, table_of
from tests.workspace_records import make_dataset, make_evaluation, make_organisation, make_user, panel

ROLES = {"role_0": "unit", "role_1": "period", "role_2": "first_treated", "role_3": "outcome"}
REASON = {"estimator": "", "outcome_unit": "points", "comparator_justification": "Alike.", "other_explanations": ""}


def stated(client, n_treated: int, **fields):
    """The evaluation and its draft after the first step, on a panel with so many treated units."""
    analyst = make_user("Eva")
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst, **fields)
    frame = panel(30)
    units = frame["unit"].unique()[:n_treated]
    frame["first_treated"] = pd.array([2013 if unit in units else None for unit in frame["unit"]], dtype="Int64")
    make_dataset(evaluation=evaluation, by=analyst, frame=frame)
    client.force_login(analyst)
    columns = ROLES | {"dataset": evaluation.datasets.get().pk}
    assert client.post(reverse("plan-columns", args=[evaluation.pk]), columns).status_code == 302
    return evaluation, evaluation.plans.get()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("n_treated", "estimator", "inference", "why"),
    [
        (1, "synthetic_did", "placebo", "With one treated unit"),
        (3, "imputation", "randomisation", "With 3 treated units"),
        (12, "callaway_santanna", "analytic", ""),
    ],
)
def test_so_many_treated_lead_to_their_design(client, n_treated, estimator, inference, why):
    evaluation, draft = stated(client, n_treated)
    assert (draft.spec["estimator"], draft.spec["options"]["inference"]) == (estimator, inference)
    assert plan_issues(draft) == []
    for name in ("plan-design", "plan-options"):
        page = client.get(reverse(name, args=[evaluation.pk])).content.decode()
        assert ("up-notice" in page) == bool(why) and why in page
    chosen = client.get(reverse("plan-design", args=[evaluation.pk])).context["form"]["estimator"].value()
    assert chosen == estimator


@pytest.mark.django_db
def test_another_design_takes_the_inference_that_it_has(client):
    evaluation, draft = stated(client, 1)
    for estimator, inference in (
        ("twfe", "randomisation"),
        ("callaway_santanna", "analytic"),
        ("synthetic_did", "placebo"),
    ):
        client.post(reverse("plan-design", args=[evaluation.pk]), REASON | {"estimator": estimator})
        draft.refresh_from_db()
        assert (draft.spec["estimator"], draft.spec["options"]["inference"]) == (estimator, inference)


@pytest.mark.django_db
def test_people_are_never_counted_on_a_page(client):
    _, draft = stated(client, 1, units_are_people=True, lawful_basis=LawfulBasis.PUBLIC_TASK)
    assert draft.spec["estimator"] == "callaway_santanna"


def test_an_inference_that_was_asked_for_stays_where_the_design_has_it():
    many = Counted(20, 40)
    assert suited_inference({"inference": "wild"}, "twfe", many) == {"inference": "wild"}
    assert suited_inference({"inference": "placebo"}, "twfe", many) == {"inference": "analytic"}


@pytest.mark.parametrize("inference", INFERENCE_OF_ONE)
def test_the_engine_has_each_inference_for_these_designs_and_no_other(inference):
    frame = panel_frame([3, 3, 3, 3, *[float("nan")] * 8], n_periods=6, effect=1.0, noise=1.0)
    for estimator in (*RANDOMISED, "callaway_santanna"):
        assert estimator not in PROXIMITY_ESTIMATORS
        spec = spec_of(estimator, PANEL, inference=inference, draws=19, sensitivity=[])
        try:
            result = analyse(table_of(frame, spec), spec).to_json()
            is_refused = (result.get("refusal") or {}).get("code") == "inference_not_available"
        except NotEstimable as no:
            is_refused = no.code == "inference_not_available"
        assert is_refused == (estimator not in INFERENCE_OF_ONE[inference]), estimator
