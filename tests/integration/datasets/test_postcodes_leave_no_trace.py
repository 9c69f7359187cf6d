"""A postcode becomes a district, a rounded distance and dates of exposure; after a whole run nothing holds it."""

import io
import json
import logging
import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import redis
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from evaluations.datasets.gazetteer_files import read_places
from evaluations.datasets.models import DatasetKind
from evaluations.datasets.place_store import store_places
from evaluations.datasets.queries import local_table
from evaluations.stats.issues import BadInput
from tests.homes_by_postcode import SITES, WITH_POSTCODES, a_whole_run, directory, outcomes, postcodes, upload

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


def test_a_postcode_no_longer_in_use_is_remarked_on_by_row(evaluation, analyst, loaded):
    ended = directory().replace("ZE1 0AA,,", "ZE1 0AA,201203,")
    store_places(read_places(io.BytesIO(ended.encode())))
    upload(evaluation, analyst, SITES, kind=DatasetKind.SITES)
    dataset = upload(evaluation, analyst, outcomes(np.random.default_rng(1)), how=WITH_POSTCODES)
    said = next(notice for notice in dataset.notices if notice["code"] == "postcode_terminated")
    assert (said["row"], said["column"]) == (2, "postcode")
    assert "6 rows have a postcode no longer in use (rows 2, 3, 4, 5, 6 and 1 more)" in said["message"]
    assert "correct it" in said["hint"]
    assert "ZE1" not in str(dataset.notices)


def every_byte(tmp_logs: str, *folders: Path) -> dict[str, str]:
    """All that the site keeps or says: each table of the database (the audit among them), a backup of it, each stored
    file, the cache, the broker and any results of tasks, mail sent, the logs, and folders of temporary files."""
    found = {"logs": tmp_logs, "cache": repr(getattr(cache, "_cache", {})), "mail": repr(vars_of_mail())}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{name}"')
            found[f"table {name}"] = repr(cursor.fetchall())
    backup = io.StringIO()
    call_command("dumpdata", stdout=backup)
    found["a backup by dumpdata"] = backup.getvalue()
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        inside, files = default_storage.listdir(folder)
        waiting += [f"{folder}/{each}".lstrip("/") for each in inside]
        for file in files:
            path = f"{folder}/{file}".lstrip("/")
            with default_storage.open(path) as stored:
                content = stored.read()
            found[path] = content.decode("latin-1")
            if path.endswith(".parquet"):
                found[f"{path} as rows"] = pd.read_parquet(io.BytesIO(content)).to_csv()
    lying = [file for folder in folders if folder.exists() for file in folder.rglob("*") if file.is_file()]
    return found | {str(file): file.read_bytes().decode("latin-1") for file in lying} | every_key_of_redis()


def vars_of_mail() -> list:
    return [vars(message) for message in getattr(mail, "outbox", [])]


def every_key_of_redis() -> dict[str, str]:
    """What the broker, the cache and the results of tasks hold in server mode; nothing where there is no Redis."""
    if not settings.REDIS_URL:
        return {}
    server = redis.Redis.from_url(settings.REDIS_URL)
    return {
        f"redis {key!r}": repr(server.dump(key)) + repr(READ[server.type(key)](server, key))
        for key in server.scan_iter()
    }


READ = {
    b"string": lambda server, key: server.get(key),
    b"list": lambda server, key: server.lrange(key, 0, -1),
    b"hash": lambda server, key: server.hgetall(key),
    b"set": lambda server, key: server.smembers(key),
    b"zset": lambda server, key: server.zrange(key, 0, -1, withscores=True),
    b"stream": lambda server, key: server.xrange(key),
    b"none": lambda server, key: b"",
}

SPACED = re.compile("|".join(re.escape(postcode) for postcode in postcodes()), re.IGNORECASE)
TOGETHER = re.compile("|".join(postcode.replace(" ", "") for postcode in postcodes()), re.IGNORECASE)


def holding(everything: dict[str, str]) -> list[str]:
    return [where for where, text in everything.items() if SPACED.search(text) or TOGETHER.search(text)]


@pytest.fixture
def own_folders(tmp_path, monkeypatch, settings):
    """Temporary files of Python, of uploads and of the broker go to folders that can be searched."""
    temporary, uploads = tmp_path / "temporary", tmp_path / "uploads"
    temporary.mkdir()
    uploads.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    settings.FILE_UPLOAD_TEMP_DIR = str(uploads)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    return temporary, uploads, settings.BROKER_FOLDER


def by_page(client, evaluation, content: str):
    """The file sent to the upload page as a browser sends it, through a temporary file on disk."""
    stated = {
        "kind": "outcomes",
        "lawful_basis": "not_personal",
        "use_postcodes": "on",
        "file": SimpleUploadedFile("homes.csv", content.encode(), content_type="text/csv"),
    }
    return client.post(reverse("dataset-upload", args=[evaluation.pk]), stated)


def test_after_a_whole_run_nothing_holds_an_uploaded_postcode(
    evaluation, analyst, loaded, client, caplog, capfd, own_folders
):
    caplog.set_level(logging.DEBUG)
    run = a_whole_run(evaluation, analyst)
    assert run.result["estimates"][0]["value"] == pytest.approx(2, abs=0.3)
    client.force_login(analyst)
    assert by_page(client, evaluation, outcomes(np.random.default_rng(3))).status_code == 302
    run_page = client.get(reverse("run", args=[evaluation.pk, run.pk])).content.decode()
    said = capfd.readouterr()
    everything = every_byte(caplog.text + said.out + said.err, *own_folders)
    everything |= {"page": run_page, "result": repr(run.result)}
    assert len(everything) > 20
    assert holding(everything) == []


def test_a_file_that_is_refused_leaves_no_postcode_waiting(evaluation, analyst, loaded, client, caplog, own_folders):
    caplog.set_level(logging.DEBUG)
    upload(evaluation, analyst, SITES, kind=DatasetKind.SITES)
    client.force_login(analyst)
    wrong = outcomes(np.random.default_rng(4)).replace(",ZE1 0AA,", ",QQ9 9QQ,")
    answer = by_page(client, evaluation, wrong)
    assert answer.status_code == 200
    assert "is not in the table of places" in answer.content.decode()
    assert holding(every_byte(caplog.text, *own_folders) | {"page": answer.content.decode()}) == []


def test_an_error_of_ours_while_a_file_is_taken_in_reports_no_postcode(
    evaluation, analyst, loaded, client, caplog, capfd, own_folders, monkeypatch
):
    def broken(*_args, **_how):
        raise RuntimeError("the disk is full")

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("evaluations.datasets.storing.write_parquet", broken)
    client.force_login(analyst)
    client.raise_request_exception = False
    answer = by_page(client, evaluation, outcomes(np.random.default_rng(5)))
    assert answer.status_code == 500
    said = capfd.readouterr()
    assert "the disk is full" in caplog.text + said.out + said.err
    everything = every_byte(caplog.text + said.out + said.err, *own_folders) | {"page": answer.content.decode()}
    assert holding(everything) == []


def test_the_command_line_writes_no_postcode_in_a_result_or_a_problem(tmp_path, capfd):
    spec = {
        "method": "proximity",
        "estimator": "ring_did",
        "columns": {"unit": "home", "period": "year", "outcome": "score", "postcode": "postcode"},
        "proximity": {"edges_km": [0, 2.5, 10]},
    }
    for name, content in (("homes.csv", outcomes(np.random.default_rng(6))), ("wrong.csv", None)):
        content = content or outcomes(np.random.default_rng(6)).replace(",ZE1 0AA,", ",ZE1 9ZZ,")
        (tmp_path / name).write_text(content)
    files = {"sites.csv": SITES, "spec.json": json.dumps(spec), "places.csv": directory()}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    given = ["--sites", "sites.csv", "--postcodes", "places.csv", "--spec", "spec.json"]
    given = [each if each.startswith("--") else str(tmp_path / each) for each in given]
    for name, code in (("homes.csv", 0), ("wrong.csv", 2)):
        try:
            call_command("analyse", str(tmp_path / name), *given, "--out", str(tmp_path / f"{name}.json"))
        except SystemExit as stopped:
            assert (stopped.code or 0) == code
        else:
            assert code == 0
    said = capfd.readouterr()
    result = (tmp_path / "homes.csv.json").read_text()
    assert '"status": "done"' in result or '"status":"done"' in result
    assert "not in the table of places" in said.out + said.err
    assert holding({"result": result, "said": said.out + said.err}) == []
    assert "9ZZ" not in said.out + said.err


def test_the_search_for_postcodes_finds_one_that_is_planted(evaluation, analyst, loaded, tmp_path):
    cache.set("stray", postcodes()[5])
    default_storage.save("stray.txt", ContentFile(postcodes()[7].encode()))
    (tmp_path / "left.csv").write_text(postcodes()[9].replace(" ", "").lower())
    found = holding(every_byte("", tmp_path))
    assert {"stray.txt", str(tmp_path / "left.csv")} <= set(found)
    assert any(where == "cache" or where.startswith("redis") for where in found)
    cache.delete("stray")
