"""What everyone may read, and what no page may say."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser

from evidence.catalogue.models import Intervention, Study, Visibility
from evidence.estimates.actions import Measured, RunOrigin, log_estimate, publish_estimate, withdraw_estimate
from evidence.estimates.models import EffectEstimate
from evidence.places.models import Place

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def read(client, catalogue):
    def read(address):
        response = client.get(address)
        assert response.status_code == 200, address
        return text_of(response)

    return read


@pytest.fixture
def person(django_user_model):
    return django_user_model.objects.create_user(username="ana", email="ana@example.org", password="x")


@pytest.fixture
def computed(catalogue, person):
    study = Study.objects.get(code="ST-FH-SHU23")
    origin = RunOrigin(
        run_reference="run-7",
        term="att",
        data_sha256="d" * 64,
        spec_sha256="e" * 64,
        engine_version="9.9",
        seed=5,
        standing="supports",
        plan_locked_before_outcomes=False,
        n_plans_before=2,
        n_runs_before=3,
        differences=["The second plan used another comparison group."],
        reviewer_name="Ravi Reviewer",
    )
    measured = Measured(
        unit="percentage points",
        direction="higher",
        value=0.5,
        std_error=1.0,
        ci_lower=-1.46,
        ci_upper=2.46,
        level=0.95,
        detectable_effect=2.8,
        detectable_power=0.8,
    )

    def log(**changes):
        row = log_estimate(
            study=study,
            outcome=EffectEstimate.objects.get(code="E-FH-01").outcome,
            estimate_kind="causal",
            measured=replace(measured, **changes),
            origin=origin,
            by=person,
        )
        return row

    return log


def test_every_page_of_the_catalogue_opens(read):
    rows = [
        *Intervention.objects.all(),
        *EffectEstimate.objects.all(),
        *Study.objects.all(),
        *Place.objects.all()[::20],
    ]
    for row in rows:
        read(row.get_absolute_url())
    for address in ("/", "/interventions/", "/places/", "/outcomes/", "/sitemap.xml"):
        read(address)


def test_a_raw_rate_says_that_it_is_not_an_effect(read):
    page = read(EffectEstimate.objects.get(code="E-WW-01").get_absolute_url())
    assert "Raw rate, not an effect" in page
    assert "46% of completers" in page
    assert "which is better" not in page
    assert "95% interval" not in page


def test_an_inconclusive_estimate_says_what_it_could_have_detected(read):
    # 2.8016 standard errors of 2,154.4 (Bloom 1995): 6,036 dollars.
    page = read(EffectEstimate.objects.get(code="E-MTO-02").get_absolute_url())
    assert "The smallest effect this could have detected is about $6,036 per year" in page
    assert "could have detected" not in read(EffectEstimate.objects.get(code="E-MTO-01").get_absolute_url())


def test_the_intervention_keeps_effects_apart_from_everything_else(read):
    page = read("/interventions/sure-start/")
    effects, forecasts = page.index("Estimated effects"), page.index("Forecasts, models and cost-benefit figures")
    assert effects < page.index("Any criminal conviction by 16") < forecasts
    assert forecasts < page.index("Lifetime post-tax earnings (projected)")
    assert forecasts < page.index("Total long-run benefits per £1")


def test_no_interval_is_said_plainly(read):
    assert "None carries a standard error or interval in what was read" in read("/interventions/sure-start/")


def test_conflicts_stand_above_the_evidence(read):
    page = read("/interventions/working-well-work-and-health-programme/")
    assert page.index("Sources disagree: 46% is a raw rate") < page.index("Raw rates, not effects")


def test_never_evaluated_is_shown(read):
    assert "has never been evaluated, as far as the sources here show" in read("/interventions/its-childs-play/")
    assert "That is not the same as never evaluated" in read("/interventions/skills-england/")


def test_no_effect_found_is_not_shown_as_zero(read):
    page = read(EffectEstimate.objects.get(code="E-UC-02").get_absolute_url())
    assert "No effect found (not zero)" in page
    assert "What it could have detected is not in what was read" in page


def test_an_interval_from_a_published_standard_error_says_so(read):
    page = read(EffectEstimate.objects.get(code="E-MTO-01").get_absolute_url())
    assert "95% interval 697 to 6,256 (worked out here from the published standard error)" in page


def test_a_target_group_says_what_its_measure_misses(read):
    assert "take-up is unknown" in read("/interventions/sure-start/")


def test_a_places_figures_carry_their_credits(read):
    page = read("/places/E08000003/")
    assert "Social Mobility Commission" in page and "mySociety" in page
    assert "Greater Manchester Baccalaureate" in page


def test_a_former_code_finds_the_place(read):
    assert "Barnsley" in read("/places/E08000016/")


def test_an_inconclusive_result_says_what_it_could_have_detected(read, computed, person):
    row = publish_estimate(estimate=computed(), by=person)
    page = read(row.get_absolute_url())
    assert "the interval leaves open both directions: more people would be needed" in page
    assert "The smallest effect this could have detected is 2.80 percentage points (80% power)" in page
    assert "no effect" not in page.lower()


def test_the_receipt_shows_what_came_before(read, computed, person):
    page = read(publish_estimate(estimate=computed(), by=person).get_absolute_url())
    for said in (
        "d" * 64,
        "No: the outcomes could have been seen first",
        "The second plan used another comparison group.",
        "Ravi Reviewer",
    ):
        assert said in page
    assert re.search(r"Plans made before this one\s+2\b", page)
    assert re.search(r"Runs made before this one\s+3\b", page)


def test_a_computed_estimate_joins_its_interventions_page(read, computed, person):
    before = read("/interventions/family-hubs/")
    publish_estimate(estimate=computed(), by=person)
    after = read("/interventions/family-hubs/")
    assert "Computed with Uplift" not in before
    assert "Computed with Uplift" in after


def test_a_withdrawn_estimate_keeps_its_page_and_leaves_the_lists(read, computed, person):
    row = publish_estimate(estimate=computed(), by=person)
    withdraw_estimate(estimate=row, reason="A column was misread.", by=person)
    page = read(row.get_absolute_url())
    assert "Withdrawn on" in page and "A column was misread." in page
    assert "Computed with Uplift" not in read("/interventions/family-hubs/")


def test_drafts_are_not_found_by_others(client, computed):
    assert client.get(computed().get_absolute_url()).status_code == 404
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    assert client.get("/interventions/sure-start/").status_code == 404
    study = Study.objects.get(code="ST-SS-EDU24")
    assert client.get(study.get_absolute_url()).status_code == 404
    assert not Intervention.objects.visible_to(AnonymousUser()).filter(slug="sure-start").exists()


def test_odd_queries_give_a_page(client, catalogue):
    for query in ("search=%00", "page=-1", "page=abc", "life_stage=nonsense", "search=" + "x" * 5000, "%FF=%FF"):
        assert client.get(f"/interventions/?{query}").status_code == 200
    assert client.get("/interventions/nothing/").status_code == 404
    assert client.get("/estimates/99999999999999999999/").status_code == 404
