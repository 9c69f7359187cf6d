"""A file becomes a dataset whole, or nothing is kept; what is deleted is gone."""

from __future__ import annotations

import datetime
import hashlib
import io

import pandas as pd
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from evaluations.datasets import actions
from evaluations.datasets.actions import (
    HowToRead,
    Particulars,
    delete_dataset,
    delete_expired,
    delete_strays,
    read_rows,
    sweep_datasets,
    upload_dataset,
)
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.queries import datasets_where, design_issues, local_table
from evaluations.datasets.tasks import check_dataset
from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import NotAllowed
from evaluations.stats.issues import BadInput
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.models import LawfulBasis
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

GOOD = "area,year,score,start\n007,2018,1.5,\n007,2019,2.5,\n012,2018,1,2019\n012,2019,,2019\n"
NOT_PERSONAL = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL)


@pytest.fixture
def people():
    analyst, lead, viewer = make_user("analyst"), make_user("lead"), make_user("viewer")
    owner = make_organisation(analyst=analyst, lead=lead, viewer=viewer)
    return {"analyst": analyst, "lead": lead, "viewer": viewer, "owner": owner}


@pytest.fixture
def evaluation(people):
    return make_evaluation(owner=people["owner"], by=people["analyst"])


def upload(
    evaluation, by, content: str | bytes = GOOD, *, particulars=NOT_PERSONAL, name="areas.csv", how=None
) -> Dataset:
    data = content.encode() if isinstance(content, str) else content
    file = ContentFile(data, name=name)
    return upload_dataset(evaluation=evaluation, file=file, name=name, particulars=particulars, by=by, how=how)


def stored_files() -> list[str]:
    found = []
    for folder in ("datasets", "waiting"):
        try:
            folders = default_storage.listdir(folder)[0]
        except FileNotFoundError:
            continue
        found += [
            f"{folder}/{each}/{name}" for each in folders for name in default_storage.listdir(f"{folder}/{each}")[1]
        ]
    return found


def test_a_good_file_is_kept_as_parquet_with_its_hash_and_types(evaluation, people):
    dataset = upload(evaluation, people["analyst"])
    assert dataset.state == DatasetState.READY and dataset.rows_read == dataset.rows_stored == 4
    assert dataset.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert [(each["name"], each["kind"], each["missing"]) for each in dataset.columns] == [
        ("area", "text", 0), ("year", "integer", 0), ("score", "number", 1), ("start", "integer", 2),
    ]  # fmt: skip
    with local_table(dataset) as path:
        assert dataset.stored_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert pd.read_parquet(path)["area"].tolist() == ["007", "007", "012", "012"]


def test_a_bad_file_tells_everything_and_keeps_nothing(evaluation, people):
    upload(evaluation, people["analyst"])
    before, files = Dataset.objects.count(), stored_files()
    bad = (
        "area,year,score,email,score\na,2018,1,jo@example.org,1\na,2019,two,sam@example.org,2\n"
        "b,2018,3,x@example.org\n=1+1,2019,3,z@example.org,3\n"
    )
    with pytest.raises(BadInput) as caught:
        upload(evaluation, people["analyst"], bad)
    codes = {issue.code for issue in caught.value.issues}
    assert codes == {"personal_data", "row_ragged", "not_a_number", "header_repeated", "formula_cell"}
    assert "example.org" not in str(caught.value.issues)
    assert Dataset.objects.count() == before and stored_files() == files


def test_rows_keep_the_numbers_they_have_in_the_file(evaluation, people):
    text = "area,year,score,start\na,2018,1,0\n\n\na,2019,2,0\n"
    dataset = upload(evaluation, people["analyst"], text)
    spec = parse_spec({"columns": {"unit": "area", "period": "year", "outcome": "score", "first_treated": "start"}})
    (issue,) = design_issues(dataset, spec)
    assert (issue.code, issue.row) == ("never_treated_code", 2)
    repeated = upload(evaluation, people["analyst"], text.replace("a,2019", "a,2018").replace(",0\n", ",\n"))
    assert [issue.row for issue in design_issues(repeated, spec)] == [5]


def test_a_viewer_may_not_upload_and_a_stranger_sees_nothing(evaluation, people):
    dataset = upload(evaluation, people["analyst"])
    with pytest.raises(NotAllowed):
        upload(evaluation, people["viewer"])
    assert list(datasets_where(people["viewer"])) == [dataset]
    assert not datasets_where(make_user("stranger")).exists()


def test_rows_about_people_need_a_basis_a_controller_and_a_date(evaluation, people):
    with pytest.raises(ValidationError) as caught:
        upload(evaluation, people["analyst"], particulars=Particulars(LawfulBasis.NOT_PERSONAL, units_are_people=True))
    assert set(caught.value.message_dict) == {"lawful_basis", "controller", "retention_date"}
    day = timezone.localdate() + datetime.timedelta(days=365)
    stated = Particulars(LawfulBasis.PUBLIC_TASK, units_are_people=True, controller="The council", retention_date=day)
    dataset = upload(evaluation, people["analyst"], particulars=stated)
    assert dataset.units_are_people and not any("min" in each for each in dataset.columns)


def test_full_postcodes_are_refused_unless_for_distances_and_then_only_districts_are_kept(evaluation, people):
    text = "area,year,score,pc\n" + "".join(f"{i},2018,{i},M{i + 1} 5AB\n" for i in range(5))
    with pytest.raises(BadInput) as caught:
        upload(evaluation, people["analyst"], text)
    assert caught.value.issues[0].column == "pc"
    dataset = upload(evaluation, people["analyst"], text, how=HowToRead(use_postcodes=True))
    assert dataset.columns_dropped[0]["name"] == "pc"
    with local_table(dataset) as path:
        frame = pd.read_parquet(path)
        assert frame["pc_district"].tolist() == ["M1", "M2", "M3", "M4", "M5"]
        assert b"5AB" not in path.read_bytes()


def test_deleting_takes_the_rows_for_good_and_leaves_the_record(evaluation, people, django_capture_on_commit_callbacks):
    dataset = upload(evaluation, people["analyst"])
    path = dataset.storage_path
    with pytest.raises(NotAllowed):
        delete_dataset(dataset=dataset, reason="Enough.", by=people["analyst"])
    with django_capture_on_commit_callbacks(execute=True):
        deleted = delete_dataset(dataset=dataset, reason="Enough.", by=people["lead"])
    assert deleted.state == DatasetState.DELETED and deleted.sha256 == dataset.sha256
    assert not default_storage.exists(path)
    assert AuditEvent.objects.filter(verb="delete_dataset").exists()


def test_rows_are_deleted_on_their_retention_date(evaluation, people, django_capture_on_commit_callbacks):
    dataset = upload(evaluation, people["analyst"])
    path = dataset.storage_path
    Dataset.objects.filter(pk=dataset.pk).update(retention_date=timezone.localdate())
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_expired() == 1
    dataset.refresh_from_db()
    assert dataset.state == DatasetState.DELETED and not default_storage.exists(path) and dataset.deleted_by is None
    assert delete_expired() == 0


def test_reading_rows_is_on_record_and_not_for_everyone(evaluation, people):
    dataset = upload(evaluation, people["analyst"])
    assert read_rows(dataset=dataset, by=people["analyst"], most=2).num_rows == 2
    assert AuditEvent.objects.filter(verb="read_rows", by=people["analyst"]).count() == 1
    with pytest.raises(NotAllowed):
        read_rows(dataset=dataset, by=people["viewer"])


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE_BYTES", 10)


def test_a_large_file_waits_and_is_checked_in_the_background(evaluation, people, large):
    dataset = upload(evaluation, people["analyst"])
    assert dataset.state == DatasetState.CHECKING and stored_files()[-1].startswith("waiting/")
    check_dataset(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == DatasetState.READY and dataset.rows_stored == 4
    check_dataset(dataset.pk)
    assert Dataset.objects.get(pk=dataset.pk).checks == 1


def test_problems_of_a_large_file_are_kept_and_its_rows_are_not(
    evaluation, people, large, django_capture_on_commit_callbacks
):
    dataset = upload(evaluation, people["analyst"], GOOD.replace("1.5", "one"))
    with django_capture_on_commit_callbacks(execute=True):
        check_dataset(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == DatasetState.PROBLEMS and dataset.problems[0]["row"] == 2
    assert not default_storage.exists(actions.waiting_name(dataset))


def test_a_lost_check_is_rung_for_again_and_given_up_after_three(evaluation, people, large, monkeypatch):
    rung = []
    monkeypatch.setattr(actions, "ring", rung.append)
    dataset = upload(evaluation, people["analyst"])
    old = timezone.now() - datetime.timedelta(hours=1)
    Dataset.objects.filter(pk=dataset.pk).update(checked_at=old, checks=1)
    sweep_datasets()
    sweep_datasets()
    assert rung == [dataset.pk]
    Dataset.objects.filter(pk=dataset.pk).update(checked_at=old, checks=3)
    sweep_datasets()
    dataset.refresh_from_db()
    assert dataset.state == DatasetState.PROBLEMS and dataset.problems[0]["code"] == "check_lost"


def test_a_table_without_a_record_is_cleared_away_after_a_day(evaluation, people, monkeypatch):
    dataset = upload(evaluation, people["analyst"])
    stray = default_storage.save(f"datasets/{evaluation.pk}/stray.parquet", ContentFile(b"x"))
    assert delete_strays() == 0
    later = timezone.now() + datetime.timedelta(days=2)
    monkeypatch.setattr(actions.timezone, "now", lambda: later)
    assert delete_strays() >= 1
    assert default_storage.exists(dataset.storage_path) and not default_storage.exists(stray)


def test_too_large_a_file_is_refused_before_it_is_read(evaluation, people, settings):
    settings.UPLOAD_MAX_BYTES = 20
    with pytest.raises(BadInput) as caught:
        upload(evaluation, people["analyst"])
    assert caught.value.issues[0].code == "file_too_large" and not Dataset.objects.exists()


def test_workbooks_are_taken_in_too(evaluation, people):
    book = io.BytesIO()
    pd.read_csv(io.StringIO(GOOD)).to_excel(book, index=False)
    dataset = upload(evaluation, people["analyst"], book.getvalue(), name="../../etc/areas.xlsx")
    assert dataset.rows_stored == 4 and dataset.original_name == "areas.xlsx"
