"""An evaluator with only her own area gets others to compare it with, and a result."""

from __future__ import annotations

import numpy as np
import pytest
from django.urls import reverse

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import local_table
from evaluations.runs.runner import run_analysis_file
from evidence.places.models import Place, PlaceKind
from evidence.series.actions import Publication, load_series
from evidence.series.models import OfficialSeries
from evidence.series.readers import ReadSeries
from tests.workspace_records import make_evaluation, make_intervention, make_organisation, make_user

pytestmark = pytest.mark.django_db

YEARS = [str(year) for year in range(2010, 2022)]


@pytest.fixture
def series():
    rng = np.random.default_rng(5)
    read = ReadSeries("rate", "Level 3 by age 19", unit="%")
    for number in range(30):
        code = f"E080000{number + 40}"
        Place.objects.create(code=code, name=f"Borough {number}", kind=PlaceKind.UPPER_TIER)
        path = 50 + rng.normal(0, 4) + 0.5 * np.arange(12) + rng.normal(0, 0.5, 12)
        path[7:] += 6.0 * (number == 0)
        read.values[code] = dict(zip(YEARS, map(float, path), strict=True))
        read.names[code] = f"Borough {number}"
    read.values["E08000068"].pop("2015")
    load_series(found=[read], publication=Publication("DfE", "The Department's credit.", "OGL"), file_sha256="a" * 64)
    return OfficialSeries.objects.get()


@pytest.fixture
def evaluation():
    analyst = make_user("analyst")
    intervention = make_intervention()
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst, intervention=intervention)
    return evaluation


def test_from_one_area_to_a_result(client, series, evaluation):
    intervention = evaluation.intervention
    intervention.places.add(Place.objects.get(name="Borough 7"))
    client.force_login(evaluation.created_by)
    address = reverse("dataset-compare", args=[evaluation.pk])
    assert "Level 3 by age 19" in client.get(address, {"search": "level"}).content.decode()
    assert "Borough 0" in client.get(address, {"series": series.pk}).content.decode()
    posted = {"series": series.pk, "treated": ["E08000040"], "start": "2017"}
    page = client.post(address, posted | {"propose": "1"})
    shown = page.content.decode()
    assert "synthetic difference-in-differences" in shown and "figures missing" in shown
    assert "the intervention runs there too" in shown and "The Department&#x27;s credit." in shown
    proposed = list(page.context["proposal"].proposed)
    assert len(proposed) == 27 and "E08000047" not in proposed
    answer = client.post(address, posted | {"compared": proposed[:20], "keep": "1"})
    dataset = Dataset.objects.get()
    assert answer.url == reverse("dataset", args=[evaluation.pk, dataset.pk]) and dataset.rows_stored == 21 * 12
    assert dataset.reading["step"]["compared"] == proposed[:20]
    spec = {
        "estimator": "synthetic_did",
        "columns": {"unit": "area_code", "period": "period", "outcome": "outcome", "first_treated": "first_treated"},
        "options": {"inference": "placebo", "draws": 50, "sensitivity": []},
    }
    with local_table(dataset) as path:
        result = run_analysis_file(path, spec)
    assert result["status"] == "done" and result["estimates"][0]["value"] == pytest.approx(6, abs=1.5)


def test_areas_are_found_and_ticked_before_anything_is_asked(client, series, evaluation):
    client.force_login(evaluation.created_by)
    address = reverse("dataset-compare", args=[evaluation.pk])
    page = client.post(address, {"series": series.pk, "find": "borough 2", "look": "1", "treated": ["E08000040"]})
    said = page.content.decode()
    assert "<title>Error" not in said and "1 treated area ticked" in said
    assert {each.label for each in page.context["picker"].shown} >= {"Borough 2", "Borough 29"}
    asked = {"series": series.pk, "treated": ["E08000040"], "start": "2017", "compared": ["E08000040", "E08000041"]}
    page = client.post(address, asked | {"show": "1"})
    assert [row["code"] for row in page.context["candidates"]["on"]] == ["E08000041"]


def test_nothing_chosen_and_too_early_a_start_are_told(client, series, evaluation):
    client.force_login(evaluation.created_by)
    address = reverse("dataset-compare", args=[evaluation.pk])
    said = client.post(address, {"series": series.pk, "propose": "1"}).content.decode()
    assert "<title>Error:" in said and "Choose at least one treated area" in said
    said = client.post(address, {"series": series.pk, "treated": ["E08000040"], "start": "2011"}).content.decode()
    assert "fewer than two periods" in said and not Dataset.objects.exists()
