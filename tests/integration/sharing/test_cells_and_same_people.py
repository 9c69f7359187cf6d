"""Numbers of people in aggregate rows, the same people in other files, and what the reviewer is told to judge."""

import json

import numpy as np
import pandas as pd
import pytest

from evaluations.datasets.actions import delete_dataset
from evaluations.datasets.models import Dataset
from evaluations.organisations.actions import add_member
from evaluations.runs.models import WithheldCounts
from evaluations.runs.same_people import are_the_same_people, marks
from evaluations.sharing.actions import release, request_release
from evaluations.sharing.cautions import NUMBERED, UNCOUNTED
from tests.integration.sharing.conftest import answered_run
from tests.integration.sharing.test_disclosure import NEVER, PEOPLE, World, people
from tests.workspace_records import make_dataset, make_evaluation, make_locked_plan, make_organisation, make_user

pytestmark = pytest.mark.django_db
CELLS = {
    "estimator": "did_2x2",
    "columns": {"outcome": "mean", "treated": "treated", "post": "post", "n": "n", "sd": "sd", "subgroup": "band"},
    "options": {"panel": False, "std_errors": "classical"},
}


def cells(small=3) -> pd.DataFrame:
    """Means of pupils by group, time and band; one band has few pupils in one cell."""
    sizes = {"low": (83, 91, 77, 88), "middle": (131, 127, 119, 133), "high": (17, small, 21, 16)}
    rows = [
        {"band": band, "treated": at // 2, "post": at % 2, "n": n, "mean": 10.0 + at + at // 3, "sd": 2.0}
        for band, several in sizes.items()
        for at, n in enumerate(several)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def council(db):
    lead, analyst = make_user("Lena"), make_user("Eva")
    return make_organisation(lead=lead, analyst=analyst), lead, analyst


def answered(council, frame, spec=CELLS, evaluation=None):
    owner, _, analyst = council
    evaluation = evaluation or make_evaluation(owner=owner, by=analyst)
    columns = [{"name": name, "kind": "integer", "min": float(frame[name].min())} for name in set(frame) - {"band"}]
    columns.append({"name": "band", "kind": "text"})
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=frame, columns=columns)
    plan = make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=spec)
    return answered_run(plan, analyst)


def test_a_small_number_in_an_uploaded_cell_hides_what_rests_on_it_everywhere(council, client):
    _, lead, analyst = council
    run = answered(council, cells())
    rows = {row.get("subgroup"): row for row in run.result["estimates"]}
    assert rows["high"]["value"] is None and rows[None]["value"] is not None
    assert [each for each in ("low", "middle") if rows[each]["value"] is None], "or the headline would give it"
    assert (rows[None]["n_obs"], rows["high"]["n_obs"]) == (910, 60), "numbers of many people, rounded"
    estimate = release(review=request_release(run=run, reviewer=lead, by=analyst), by=lead)[0].estimate
    page = client.get(estimate.get_absolute_url()).content.decode()
    assert "the number of people in each counts" in page
    kept = WithheldCounts.objects.get(run=run)
    assert (kept.counts["people"], kept.counts["people in high"]) == (453, 29), "each person counted before and after"
    assert "906" not in json.dumps(run.result["estimates"]), "the true number of people"


def test_a_later_release_of_nearly_the_same_cells_loses_its_numbers_of_people(council):
    _, lead, analyst = council
    run = answered(council, cells(small=30))
    first = release(review=request_release(run=run, reviewer=lead, by=analyst), by=lead)[0].estimate
    assert first.n_obs is not None
    again = answered(council, cells(small=36), evaluation=run.evaluation)
    review = request_release(run=again, reviewer=lead, by=analyst)
    assert any("differs from run 1, already released" in each["why"] for each in review.suppressed)
    assert release(review=review, by=lead)[0].estimate.n_obs is None


def test_a_reviewer_is_warned_of_small_numbers_that_the_plan_does_not_name(council, client):
    _, lead, analyst = council
    spec = {**CELLS, "columns": {"outcome": "mean", "treated": "treated", "post": "post"}}
    run = answered(council, cells(), spec)
    assert "disclosure" not in run.result
    review = request_release(run=run, reviewer=lead, by=analyst)
    client.force_login(lead)
    page = client.get(f"/evaluations/{run.evaluation_id}/sharing/reviews/{review.pk}/").content.decode()
    assert "What Uplift cannot know" in page and UNCOUNTED[:60] in page and "Column n looks like" in page
    assert client.get(f"/api/v1/reviews/{review.pk}/").json()["cautions"][0] == UNCOUNTED


def renamed(frame: pd.DataFrame, start: str = "p") -> pd.DataFrame:
    """The rows with opaque ids in place of numbers."""
    return frame.assign(unit=[f"{start}{7919 * unit % 10007:05d}" for unit in frame["unit"]])


def test_the_same_people_in_another_file_of_another_evaluation_are_known_by_their_ids():
    world = World(renamed(people()))
    world.released()
    other = make_evaluation(owner=world.council, by=world.analyst, **PEOPLE)
    again = world.answer(renamed(people(never=NEVER - 5, seed=9)), evaluation=other)
    Dataset.objects.filter(pk=again.dataset_id).update(sha256="d" * 64)
    again.refresh_from_db()
    review = world.asked(again)
    assert any("same data or people in another evaluation" in each["why"] for each in review.suppressed)
    assert release(review=review, by=world.lead)[0].estimate.n_units is None


def test_other_people_of_like_numbers_are_not_taken_for_the_same_and_the_reviewer_is_warned(client):
    world = World(renamed(people()))
    released = world.released()
    other = make_evaluation(owner=world.council, by=world.analyst, intervention=world.evaluation.intervention, **PEOPLE)
    again = world.answer(renamed(people(never=NEVER - 5, seed=9), "q"), evaluation=other)
    Dataset.objects.filter(pk=again.dataset_id).update(sha256="d" * 64)
    again.refresh_from_db()
    review = world.asked(again)
    client.force_login(world.lead)
    cautions = client.get(f"/api/v1/reviews/{review.pk}/").json()["cautions"]
    assert len(cautions) == 1 and f"Estimate {released.pk}" in cautions[0]
    assert release(review=review, by=world.lead)[0].estimate.n_units is not None


def test_people_who_are_only_numbered_leave_no_marks_and_the_reviewer_is_warned(client):
    world = World()
    assert WithheldCounts.objects.get(run=world.run).units == []
    review = world.asked()
    client.force_login(world.lead)
    page = client.get(f"/evaluations/{world.evaluation.pk}/sharing/reviews/{review.pk}/").content.decode()
    assert NUMBERED[:50] in page
    client.force_login(make_user("stranger"))
    assert client.get(f"/api/v1/reviews/{review.pk}/").status_code == 404


def test_the_marks_go_with_the_rows():
    world = World(renamed(people()))
    assert len(WithheldCounts.objects.get(run=world.run).units) == 151
    delete_dataset(dataset=world.run.dataset, reason="Its time has come.", by=world.lead)
    assert WithheldCounts.objects.get(run=world.run).units == []


def test_marks_tell_shares_in_common_of_sets_of_any_size_and_depend_on_the_sites_key(settings):
    draw = np.random.default_rng(3)
    ids = [f"{each:012x}" for each in draw.integers(0, 1 << 40, 20_000)]
    whole, half, part, others = marks(ids), marks(ids[:10_000]), marks(ids[:300]), marks(each[::-1] for each in ids)
    assert are_the_same_people(whole, half) and are_the_same_people(half, whole)
    assert are_the_same_people(part, marks(ids[100:500]))
    assert not are_the_same_people(whole, others) and not are_the_same_people(part, marks(ids[300:600]))
    assert marks(range(500)) == marks([f"{each}" for each in range(1, 400, 2)]) == ()
    settings.SECRET_KEY = "another key of this length is long enough for a test"
    assert not set(marks(ids)) & set(whole)


def test_values_of_a_column_are_for_those_who_may_see_the_rows(council, client):
    owner, _, analyst = council
    run = answered(council, cells())
    viewer = make_user("Vi")
    add_member(organisation=owner, user=viewer, role="viewer", by=owner.memberships.get(role="admin").user)
    client.force_login(viewer)
    assert all("min" not in each for each in client.get(f"/api/v1/datasets/{run.dataset_id}/").json()["columns"])
    client.force_login(analyst)
    assert any("min" in each for each in client.get(f"/api/v1/datasets/{run.dataset_id}/").json()["columns"])
