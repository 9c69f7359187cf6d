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
from django.db import connection
from django.urls import reverse

from evaluations.datasets.models import DatasetKind
from evaluations.datasets.queries import local_table
from evaluations.stats.issues import BadInput
from tests.homes_by_postcode import SITES, WITH_POSTCODES, a_whole_run, outcomes, postcodes, upload

pytestmark = pytest.mark.django_db


def kept(dataset) -> pd.DataFrame:
    with local_table(dataset) as path:
        return pd.read_parquet(path)


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
