"""An evaluator with only her own authority: published figures, proposed comparison areas, a plan's run, a result."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import local_table
from evaluations.runs.runner import run_analysis_file
from evidence.series.models import OfficialSeries
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db
LEEDS = "E08000035"


def test_one_authority_is_carried_to_a_result(client, shared_data):
    call_command("load_catalogue", verbosity=0)
    path = shared_data / "places" / "panels" / "level2_level3_by19_la_fsm_2005_2022.csv.gz"
    credit = ["--source", "DfE", "--credit", "Department for Education, 2023.", "--licence", "OGL v3.0"]
    columns = ["--area", "gss_code", "--period", "year_age19", "--by", "fsm", "--values", "l3_by19_rate"]
    call_command("load_outcomes", str(path), *columns, *credit, verbosity=0)
    series = OfficialSeries.objects.get(name="l3_by19_rate", breakdown="Eligible for FSM")
    analyst = make_user("analyst")
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)
    client.force_login(analyst)
    address = reverse("dataset-compare", args=[evaluation.pk])
    posted = {"series": series.pk, "treated": [LEEDS], "start": "2016"}
    page = client.post(address, posted | {"propose": "1"})
    proposed = list(page.context["proposal"].proposed)
    assert len(proposed) == 40 and LEEDS not in proposed and "Likest first" in page.content.decode()
    assert client.post(address, posted | {"compared": proposed, "keep": "1"}).status_code == 302
    dataset = Dataset.objects.get()
    assert dataset.rows_stored == 41 * 18
    design = {
        "estimator": "synthetic_did",
        "columns": {"unit": "area_code", "period": "period", "outcome": "outcome", "first_treated": "first_treated"},
        "options": {"inference": "placebo", "sensitivity": []},
    }
    with local_table(dataset) as table:
        result = run_analysis_file(table, design)
    (estimate,) = result["estimates"]
    assert result["status"] == "done" and estimate["n_treated_units"] == 1 and estimate["n_units"] == 41
    assert estimate["ci_lower"] < estimate["value"] < estimate["ci_upper"] and 0 < estimate["p_value"] <= 1
