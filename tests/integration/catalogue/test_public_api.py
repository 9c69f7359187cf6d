"""The catalogue over the API: the same rows as the pages, for everyone."""

import pytest

from evidence.catalogue.models import Intervention, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.models import EffectEstimate

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(client, catalogue):
    def get(address, status=200):
        response = client.get(f"/api/v1/{address}")
        assert response.status_code == status, response.content
        return response.json()

    return get


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("interventions", 61),
        ("estimates", 92),
        ("studies", 82),
        ("outcomes", 58),
        ("target-groups", 44),
        ("places", 249),
        ("sources", 135),
    ],
)
def test_lists_have_one_shape(get, name, count):
    answer = get(f"{name}/")
    assert set(answer) == {"count", "next", "previous", "results"}
    assert answer["count"] == count


def test_an_intervention_carries_slug_and_name(get):
    answer = get("interventions/sure-start/")
    assert (answer["slug"], answer["name"]) == ("sure-start", "Sure Start")
    assert {note["kind"] for note in answer["notes"]} == {"conflict"}


def test_a_raw_rate_is_marked(get):
    row = next(each for each in get("estimates/?search=working+well")["results"] if each["code"] == "E-WW-01")
    assert (row["estimate_kind"], row["is_effect"], row["std_error"]) == ("descriptive", False, None)
    assert row["estimate_kind_label"] == "Raw rate, not an effect"
    assert row["computed_by"] is None


def test_filters_narrow_and_combine(get):
    assert get("estimates/?intervention=sure-start")["count"] == 16
    assert get("estimates/?intervention=sure-start&estimate_kind=causal")["count"] == 13
    assert get("estimates/?estimate_kind=causal&estimate_kind=null")["count"] == 57
    assert get("studies/?status=never_evaluated")["count"] == 18
    assert get("interventions/?place=E47000001")["count"] == 10


def test_search_finds_by_words(get):
    assert "future-jobs-fund" in {each["slug"] for each in get("interventions/?search=jobs+fund")["results"]}


def test_an_unknown_filter_is_named(get):
    answer = get("estimates/?estimate_type=causal", status=400)
    assert answer["issues"][0]["code"] == "unknown_filter"
    assert "estimate_type" in answer["message"]


def test_a_bad_value_is_told(get):
    assert get("studies/?year=soon", status=400)["issues"][0]["code"] == "bad_value"


def test_what_is_not_there_is_told_in_the_one_shape(get):
    assert set(get("interventions/nothing/", status=404)) == {"message", "issues"}


def test_nobody_writes_through_it(client, catalogue):
    for method in (client.post, client.put, client.delete):
        assert method("/api/v1/interventions/sure-start/").status_code in {401, 403, 405}


def test_drafts_do_not_leak(get):
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    tell_changed(None)
    get("interventions/sure-start/", status=404)
    assert get("interventions/")["count"] == 60
    assert get("studies/?intervention=sure-start")["count"] == 0
    assert get("estimates/?intervention=sure-start")["count"] == 0
    pk = EffectEstimate.objects.get(code="E-SS-01").pk
    get(f"estimates/{pk}/", status=404)
