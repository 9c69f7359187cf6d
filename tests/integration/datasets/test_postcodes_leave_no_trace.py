"""A postcode becomes a district, a rounded distance and dates of exposure; after a whole run nothing holds it."""

import io
import logging
import re

import numpy as np
import pandas as pd
import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from evaluations.datasets.actions import HowToRead, Particulars, upload_dataset
from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.datasets.queries import local_table
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.runs.actions import claim, queue_run
from evaluations.runs.tasks import work_on
from evaluations.stats.issues import BadInput
from evaluations.workspaces.models import LawfulBasis
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

KM = 1 / 111.3
NOT_PERSONAL = {"lawful_basis": LawfulBasis.NOT_PERSONAL}
N_POSTCODES = 240
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def postcodes() -> list[str]:
    """Made-up postcodes of two districts."""
    return [f"ZE{1 + i % 2} {i // 20 % 10}{LETTERS[i % 20]}{LETTERS[i // 200]}" for i in range(N_POSTCODES)]


def directory() -> str:
    """Where they are: 0 to 6 km north of a site at 53 N 2 W (or, for every second, at 53 N 1 W)."""
    lines = ["pcds,doterm,lat,long"]
    for i, postcode in enumerate(postcodes()):
        lines.append(f"{postcode},,{53 + (i // 2) * 6 / 120 * KM:.6f},{-2.0 + i % 2:.6f}")
    return "\n".join(lines) + "\n"


SITES = "name,latitude,longitude,opened\nWest,53.0,-2.0,2003\nEast,53.0,-1.0,2005\nLate,53.0,-1.0001,2030\n"


def outcomes(rng) -> str:
    """Each postcode's score in 2001 to 2006, 2 points higher within 2.5 km of an open site."""
    lines = ["home,year,postcode,score"]
    for i, postcode in enumerate(postcodes()):
        level, opens = rng.normal(), (2003, 2005)[i % 2]
        for year in range(2001, 2007):
            near = (i // 2) * 6 / 120 <= 2.4
            score = level + 0.1 * year + 2.0 * (near and year >= opens) + 0.3 * rng.normal()
            lines.append(f"{i},{year},{postcode},{score:.4f}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def analyst():
    person = make_user("analyst")
    make_organisation(analyst=person)
    return person


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=analyst.memberships.get().organisation, by=analyst)


@pytest.fixture
def loaded(tmp_path):
    path = tmp_path / "directory.csv"
    path.write_text(directory())
    call_command("load_postcodes", str(path), stdout=io.StringIO())
    path.unlink()


def upload(evaluation, by, content, *, kind=DatasetKind.OUTCOMES, how=None) -> Dataset:
    return upload_dataset(
        evaluation=evaluation,
        file=ContentFile(content.encode()),
        name="homes.csv",
        particulars=Particulars(**NOT_PERSONAL, kind=kind),
        how=how,
        by=by,
    )


def kept(dataset) -> pd.DataFrame:
    with local_table(dataset) as path:
        return pd.read_parquet(path)


WITH_POSTCODES = HowToRead(use_postcodes=True)


def test_district_rounded_distance_and_first_openings_stand_in_for_a_postcode(evaluation, analyst, loaded):
    upload(evaluation, analyst, SITES, kind=DatasetKind.SITES)
    dataset = upload(evaluation, analyst, outcomes(np.random.default_rng(1)), how=WITH_POSTCODES)
    table = kept(dataset)
    assert "postcode" not in table.columns
    assert set(table.postcode_district) == {"ZE1", "ZE2"}
    true_km = (table.home // 2) * 6 / 120
    assert np.abs(table.distance_km - true_km).max() < 0.06
    assert (table.distance_km * 10 == (table.distance_km * 10).round()).all()
    near = (true_km < 2.45) & (table.home % 2 == 0)
    assert set(table.loc[near, "first_open_within_2_5_km"].astype(int)) == {2003}
    assert table.loc[true_km > 2.55, "first_open_within_2_5_km"].isna().all()
    assert {each["name"] for each in dataset.columns_dropped} == {"postcode"}


def test_without_sites_or_a_table_only_districts_are_kept_and_it_is_said_why(evaluation, analyst):
    dataset = upload(evaluation, analyst, outcomes(np.random.default_rng(1)), how=WITH_POSTCODES)
    assert "distance_km" not in kept(dataset).columns
    assert "distances_not_computed" in {issue["code"] for issue in dataset.notices}


def test_postcodes_of_sites_become_places(evaluation, analyst, loaded):
    written = f"name,postcode,opened\nWest,{postcodes()[0]},2003\n"
    dataset = upload(evaluation, analyst, written, kind=DatasetKind.SITES)
    table = kept(dataset)
    assert "postcode" not in table.columns
    assert table.latitude.tolist() == [53.0]


def test_a_postcode_that_cannot_be_placed_is_named_by_row_alone(evaluation, analyst, loaded):
    upload(evaluation, analyst, SITES, kind=DatasetKind.SITES)
    lines = outcomes(np.random.default_rng(1)).replace(",ZE1 0AA,", ",QQ9 9QQ,")
    with pytest.raises(BadInput) as caught:
        upload(evaluation, analyst, lines, how=WITH_POSTCODES)
    assert {issue.code for issue in caught.value.issues} == {"postcode_unknown"}
    assert "QQ9" not in str([issue.to_json() for issue in caught.value.issues])


def a_whole_run(evaluation, analyst):
    """From upload to a released-ready result: sites, homes by postcode, a plan, a run."""
    sites = upload(evaluation, analyst, SITES, kind=DatasetKind.SITES)
    dataset = upload(evaluation, analyst, outcomes(np.random.default_rng(2)), how=WITH_POSTCODES)
    spec = {
        "method": "proximity",
        "estimator": "access_did",
        "columns": {
            "unit": "home",
            "period": "year",
            "outcome": "score",
            "first_treated": "first_open_within_2_5_km",
            "distance_km": "distance_km",
        },
    }
    plan = save_draft(evaluation=evaluation, spec=spec, dataset=dataset, sites=sites, by=analyst)
    run = queue_run(plan=lock_plan(plan=plan, by=analyst), by=analyst)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    assert run.state == "done", run.reason
    return run


def every_byte(tmp_logs: str) -> dict[str, str]:
    """All that the site keeps or says: each table of the database, each stored file, the cache, the logs."""
    found = {"logs": tmp_logs, "cache": repr(getattr(cache, "_cache", {}))}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{name}"')
            found[f"table {name}"] = repr(cursor.fetchall())
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        folders, files = default_storage.listdir(folder)
        waiting += [f"{folder}/{each}".lstrip("/") for each in folders]
        for file in files:
            path = f"{folder}/{file}".lstrip("/")
            with default_storage.open(path) as stored:
                content = stored.read()
            found[path] = content.decode("latin-1")
            if path.endswith(".parquet"):
                found[f"{path} as rows"] = pd.read_parquet(io.BytesIO(content)).to_csv()
    return found


def test_after_a_whole_run_nothing_holds_an_uploaded_postcode(evaluation, analyst, loaded, client, caplog):
    caplog.set_level(logging.DEBUG)
    run = a_whole_run(evaluation, analyst)
    assert run.result["estimates"][0]["value"] == pytest.approx(2, abs=0.3)
    client.force_login(analyst)
    pages = client.get(reverse("run", args=[evaluation.pk, run.pk])).content.decode()
    everything = every_byte(caplog.text) | {"page": pages, "result": repr(run.result)}
    assert len(everything) > 20
    spaced = re.compile("|".join(re.escape(postcode) for postcode in postcodes()), re.IGNORECASE)
    together = re.compile("|".join(postcode.replace(" ", "") for postcode in postcodes()), re.IGNORECASE)
    holding = [where for where, text in everything.items() if spaced.search(text) or together.search(text)]
    assert holding == []


def test_the_search_for_postcodes_finds_one_that_is_planted(evaluation, analyst, loaded):
    default_storage.save("stray.txt", ContentFile(postcodes()[7].encode()))
    assert any(postcodes()[7] in text for text in every_byte("").values())
