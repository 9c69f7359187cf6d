"""What leaves about people: every output of a released result, the policy, the reviewer's view, and later releases."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from rest_framework.test import APIClient

from evaluations.datasets.actions import delete_dataset
from evaluations.disclosure.policy import PRESET, Policy
from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import NotAllowed
from evaluations.runs.models import WithheldCounts
from evaluations.runs.queries import result_for
from evaluations.sharing.actions import release, request_release, share_with
from evaluations.sharing.actions.stages import change_stage
from evaluations.stats.issues import BadInput
from evaluations.workspaces.actions import set_policy
from evaluations.workspaces.models import LawfulBasis, ShareLevel, Stage
from tests.integration.sharing.conftest import answered_run
from tests.workspace_records import (
    make_dataset,
    make_evaluation,
    make_locked_plan,
    make_organisation,
    make_user,
)

pytestmark = pytest.mark.django_db

SMALL, OTHERS, NEVER = 7, 76, 68
SECRETS = (SMALL, OTHERS, NEVER, SMALL + OTHERS, SMALL + OTHERS + NEVER, 6 * (SMALL + OTHERS + NEVER))
PEOPLE = {"units_are_people": True, "lawful_basis": LawfulBasis.PUBLIC_TASK}
ABOUT_PEOPLE = PEOPLE | {"controller": "The council", "retention_date": "2030-01-01"}
SPEC = {
    "columns": {"unit": "unit", "period": "year", "outcome": "outcome", "first_treated": "first_treated"},
    "options": {"sensitivity": []},
}


def people(small=SMALL, others=OTHERS, never=NEVER, seed=1) -> pd.DataFrame:
    """Six years of people: a few treated from 2012, more from 2013, the rest never."""
    starts = [2012] * small + [2013] * others + [None] * never
    units = pd.DataFrame({"unit": range(len(starts)), "first_treated": pd.array(starts, dtype="Int64")})
    frame = units.merge(pd.DataFrame({"year": range(2010, 2016)}), how="cross")
    treated = (frame["first_treated"] <= frame["year"]).fillna(False).to_numpy(bool)
    frame["outcome"] = np.random.default_rng(seed).normal(size=len(frame)) + 2.0 * treated
    return frame


class World:
    """A council with a lead, a second lead and an analyst, and an evaluation of people that was run once."""

    def __init__(self, frame=None, **policy):
        self.lead, self.analyst = make_user("Lena"), make_user("Eva")
        self.council = make_organisation(lead=self.lead, analyst=self.analyst)
        self.evaluation = make_evaluation(owner=self.council, by=self.analyst, **PEOPLE)
        if policy:
            set_policy(evaluation=self.evaluation, policy=Policy(**policy), reason="Agreed.", by=self.lead)
        self.run = self.answer(people() if frame is None else frame)

    def answer(self, frame, evaluation=None):
        evaluation = evaluation or self.evaluation
        dataset = make_dataset(evaluation=evaluation, by=self.analyst, frame=frame, **ABOUT_PEOPLE)
        plan = make_locked_plan(evaluation=evaluation, by=self.analyst, dataset=dataset, spec=SPEC)
        return answered_run(plan, self.analyst)

    def asked(self, run=None):
        return request_release(run=run or self.run, reviewer=self.lead, by=self.analyst)

    def released(self, run=None, **how):
        return release(review=self.asked(run), by=self.lead, **how)[0].estimate


@pytest.fixture
def world(db):
    return World()


def is_told(number: int, text: str) -> bool:
    """Whether a number stands in a text as a count: not within another number, a hash, an address or a coordinate."""
    spaced = f"{number:,}"
    return re.search(rf"(?<![\w.,/#%-])({number}|{spaced})(?:\.0)?(?![\w.,%/-]\d|\w|px)", text) is not None


def words_of(page: str) -> str:
    """The text of a page and of its pictures: without markup, but with titles, descriptions and labels."""
    shown = re.findall(r'(?:alt|title|aria-label|content|value)="([^"]*)"', page)
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join([*shown, re.sub(r"<[^>]+>", " ", body)])


def counts_in(data) -> list:
    """Every whole number in a piece of JSON, with the name it stands under."""
    if isinstance(data, dict):
        return [found for name, value in data.items() for found in _named(name, value)]
    return [found for value in data for found in counts_in(value)] if isinstance(data, list) else []


def _named(name, value) -> list:
    if isinstance(value, int) and not isinstance(value, bool):
        return [(name, value)]
    return counts_in(value)


KEYS = {"run", "evaluation", "dataset", "plan", "number"}
NO_COUNTS = KEYS | {
    "event_time",
    "cohort",
    "period",
    "id",
    "study",
    "seed",
    "rule_version",
    "version",
    "count",
    "outcome",
}


def public_addresses(estimate) -> list[str]:
    """Every address under which a released estimate can be read."""
    slug = estimate.intervention.slug
    pages = [estimate.get_absolute_url(), estimate.study.get_absolute_url(), estimate.intervention.get_absolute_url()]
    downloads = [f"{pages[0]}?download={part}" for part in ("event_study", "by_cohort", "by_period", "specifications")]
    listed = ["/", "/gap-map/", f"/compare/?interventions={slug}", "/sitemap.xml"]
    api = [f"/api/v1/estimates/{estimate.pk}/", "/api/v1/estimates/", f"/api/v1/interventions/{slug}/"]
    return [*pages, *downloads, *listed, *api, *(f"{pages[2]}{part}" for part in ("brief/", "synthesis/"))]


def test_no_true_count_is_in_any_public_output_of_a_released_result(world, client):
    estimate = world.released()
    read = 0
    for address in public_addresses(estimate):
        response = client.get(address)
        if response.status_code in (404, 400) or response.headers.get("Content-Type", "").startswith("image/"):
            continue
        assert response.status_code in (200, 302), address
        text = b"".join(response).decode() if response.streaming else response.content.decode()
        read += 1
        if "json" in response.headers["Content-Type"]:
            found = [(name, n) for name, n in counts_in(json.loads(text)) if n in SECRETS and name not in NO_COUNTS]
            assert found == [], address
        else:
            told = [n for n in SECRETS if n != SMALL and is_told(n, words_of(text))]
            assert told == [], address
    assert read >= 8


def test_no_true_count_is_in_what_the_workspace_shows_of_a_result(world):
    viewer = make_user("Vi")
    college = make_organisation(lead=viewer)
    share_with(evaluation=world.evaluation, organisation=college, level=ShareLevel.RESULTS, by=world.lead)
    change_stage(evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.lead)
    world.asked()
    api = APIClient()
    api.force_login(viewer)
    base, run = f"/evaluations/{world.evaluation.pk}/", world.run
    pages = [base, f"{base}runs/{run.pk}/", f"{base}record/", f"{base}runs/", f"{base}sharing/", f"{base}data/"]
    pages += [f"{base}data/{run.dataset_id}/", f"{base}disclosure/", f"{base}sharing/reviews/{run.reviews.get().pk}/"]
    pages.append(reverse("run-report", args=[world.evaluation.pk, run.pk]))
    files = [reverse("run-numbers", args=[world.evaluation.pk, run.pk, part]) for part in ("sample", "event_study")]
    for address in [*pages, *files]:
        response = api.get(address)
        assert response.status_code == 200, address
        assert [n for n in SECRETS if n != SMALL and is_told(n, words_of(response.content.decode()))] == [], address
    for address in (f"runs/{run.pk}/result/", f"datasets/{run.dataset_id}/", "reviews/", f"runs/{run.pk}/"):
        response = api.get(f"/api/v1/{address}")
        assert response.status_code == 200, address
        found = [each for each in counts_in(response.json()) if each[1] in SECRETS and each[0] not in NO_COUNTS]
        assert found == [], address


def test_the_small_cohort_is_a_sign_in_tables_files_and_pictures(world, client):
    client.force_login(world.lead)
    page = client.get(f"/evaluations/{world.evaluation.pk}/runs/{world.run.pk}/").content.decode()
    assert "[c]" in page and "not shown, so that nobody can be identified" in page
    file = client.get(reverse("run-numbers", args=[world.evaluation.pk, world.run.pk, "by_cohort"])).content.decode()
    row = next(line for line in file.splitlines() if line.startswith("2012"))
    assert set(row.split(",")[1:]) == {"[c]"}


def test_the_estimate_says_the_policy_and_what_the_sign_means(world, client):
    estimate = world.released()
    page = client.get(estimate.get_absolute_url()).content.decode()
    assert PRESET.in_words() in page
    assert estimate.sample["disclosure"]["policy"] == PRESET.in_words()
    assert client.get(f"/api/v1/estimates/{estimate.pk}/").json()["sample"]["disclosure"]["legend"]


def test_reasons_are_kept_for_the_reviewer_and_not_for_readers(world, client):
    review = world.asked()
    assert any("Fewer than 10 people" in each["why"] for each in review.suppressed)
    address = f"/evaluations/{world.evaluation.pk}/sharing/reviews/{review.pk}/"
    client.force_login(world.lead)
    assert "Fewer than 10 people" in client.get(address).content.decode()
    assert "Fewer than 10 people" not in json.dumps(world.run.result)
    estimate = release(review=review, by=world.lead)[0].estimate
    client.logout()
    assert "Fewer than 10 people" not in client.get(estimate.get_absolute_url()).content.decode()


def test_only_those_who_may_release_or_ask_are_told_why(world):
    viewer = make_user("Vi")
    college = make_organisation(viewer=viewer)
    share_with(evaluation=world.evaluation, organisation=college, level=ShareLevel.RESULTS, by=world.lead)
    change_stage(evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.lead)
    review = world.asked()
    api = APIClient()
    api.force_login(viewer)
    assert all(set(each) == {"where"} for each in api.get(f"/api/v1/reviews/{review.pk}/").json()["suppressed"])
    api.force_login(world.lead)
    assert all("why" in each for each in api.get(f"/api/v1/reviews/{review.pk}/").json()["suppressed"])


def test_the_reviewer_can_have_more_hidden(world, client):
    review = world.asked()
    client.force_login(world.lead)
    address = f"/evaluations/{world.evaluation.pk}/sharing/reviews/{review.pk}/"
    sent = {"decision": "release", "note": "", "also_hide": ["counts", "event_study"]}
    assert client.post(address, sent).status_code == 302
    estimate = review.publications.get().estimate
    assert estimate.n_units is None and "event_study" not in estimate.series
    assert "cohorts" not in estimate.sample
    client.logout()
    page = client.get(estimate.get_absolute_url()).content.decode()
    assert "[c] units" in page


def test_a_part_that_is_none_is_refused(world):
    with pytest.raises(BadInput, match="no part of a result called rows"):
        release(review=world.asked(), by=world.lead, also_hide=["rows"])


def test_a_later_release_of_nearly_the_same_people_loses_its_counts(world):
    first = world.released()
    assert first.n_units == 150
    again = world.answer(people(others=OTHERS - 4))
    review = world.asked(again)
    assert any("differs from run 1, already released" in each["why"] for each in review.suppressed)
    second = release(review=review, by=world.lead)[0].estimate
    assert (second.n_units, second.n_obs, second.n_treated_units) == (None, None, None)
    assert second.value is not None


def test_a_later_release_of_clearly_more_people_keeps_its_counts(world):
    world.released()
    assert world.released(world.answer(people(others=OTHERS + 40, never=NEVER + 40))).n_units == 230


def test_the_same_file_in_another_evaluation_counts_as_the_same_people(world):
    world.released()
    other = make_evaluation(owner=world.council, by=world.analyst, **PEOPLE)
    again = world.answer(people(never=NEVER - 5), evaluation=other)
    assert world.released(again).n_units is None


def test_a_partner_sees_no_counts_of_a_run_that_nearly_repeats_another(world):
    partner = make_user("Pat")
    college = make_organisation(lead=partner)
    share_with(evaluation=world.evaluation, organisation=college, level=ShareLevel.RESULTS, by=world.lead)
    change_stage(evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.lead)
    again = world.answer(people(never=NEVER - 4))
    assert result_for(world.analyst, again)["estimates"][0]["n_units"] is not None
    assert result_for(partner, again)["estimates"][0]["n_units"] is None
    api = APIClient()
    api.force_login(partner)
    assert api.get(f"/api/v1/runs/{again.pk}/result/").json()["estimates"][0]["n_units"] is None


def test_true_counts_are_kept_apart_and_go_with_the_data(world):
    kept = WithheldCounts.objects.get(run=world.run)
    assert kept.counts["units"] == SMALL + OTHERS + NEVER
    delete_dataset(dataset=world.run.dataset, reason="Its time has come.", by=world.lead)
    kept.refresh_from_db()
    assert kept.counts == {} and kept.hidden


def test_a_policy_needs_a_lead_a_reason_and_the_floor(world):
    stricter = Policy(min_count=20, round_to=10)
    with pytest.raises(NotAllowed):
        set_policy(evaluation=world.evaluation, policy=stricter, reason="Small area.", by=world.analyst)
    with pytest.raises(ValidationError) as wrong:
        set_policy(evaluation=world.evaluation, policy=Policy(min_count=5), reason=" ", by=world.lead)
    assert set(wrong.value.message_dict) == {"min_count", "reason"}
    assert not world.evaluation.policy_changes.exists()


def test_a_policy_is_on_record_with_its_reason_and_holds_for_later_runs(world, client):
    client.force_login(world.lead)
    address = f"/evaluations/{world.evaluation.pk}/disclosure/"
    sent = {"min_treated_people": 40, "min_count": 20, "round_to": 10, "min_residual_df": 10}
    refused = client.post(address, sent | {"min_count": 5, "reason": "Small area."})
    assert refused.status_code == 200 and "not below 10" in refused.content.decode()
    assert client.post(address, sent | {"reason": "Small area."}).status_code == 302
    world.evaluation.refresh_from_db()
    assert world.evaluation.disclosure_policy == {"min_treated_people": 40, "min_count": 20, "round_to": 10}
    event = AuditEvent.objects.get(verb="set_disclosure_policy")
    assert event.detail["reason"] == "Small area." and event.detail["weaker_than_the_preset"] is True
    record = client.get(f"/evaluations/{world.evaluation.pk}/record/").content.decode()
    assert "Counts under 20 are hidden" in record and "Small area." in record
    again = world.answer(people())
    assert "under 20" in again.result["disclosure"]["policy"]
    assert again.result["estimates"][0]["n_treated_units"] in (80, None)
    with pytest.raises(BadInput, match="not the one under which"):
        world.asked()


def test_an_analyst_reads_the_policy_and_is_offered_no_form(world, client):
    client.force_login(world.analyst)
    page = client.get(f"/evaluations/{world.evaluation.pk}/disclosure/").content.decode()
    assert PRESET.in_words() in page and "Choose another policy" not in page
    assert client.post(f"/evaluations/{world.evaluation.pk}/disclosure/", {}).status_code == 403


def test_exact_counts_of_people_in_a_data_set_are_for_those_who_may_see_the_rows(world):
    viewer = make_user("Vi")
    college = make_organisation(lead=viewer)
    share_with(evaluation=world.evaluation, organisation=college, level=ShareLevel.PLAN, by=world.lead)
    change_stage(evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.lead)
    api = APIClient()
    api.force_login(viewer)
    seen = api.get(f"/api/v1/datasets/{world.run.dataset_id}/").json()
    assert seen["rows_stored"] is None and all(set(each) == {"name", "kind"} for each in seen["columns"])
    api.force_login(world.analyst)
    assert api.get(f"/api/v1/datasets/{world.run.dataset_id}/").json()["rows_stored"] == len(people())
