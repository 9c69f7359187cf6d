"""The data-flow sheet says what is on record; what is deleted on its date is gone, and what rests on it says so."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from evaluations.datasets.actions import read_rows
from evaluations.datasets.models import Dataset
from evaluations.sharing import actions
from tests.integration.sharing.test_stages import released, shared

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet(world, client):
    Dataset.objects.update(
        **{"controller": "Northern Council", "purpose": "To judge the hubs", "dpia_reference": "DPIA-17"},
        **{"retention_date": timezone.localdate() + timedelta(days=40)},
    )
    client.force_login(world.lead)

    def page(**query):
        return client.get(reverse("data-flow", args=[world.evaluation.pk]), query)

    return page


def test_it_says_who_holds_what_on_which_basis_and_who_was_given_rows(world, sheet):
    shared(world, "rows")
    dataset = Dataset.objects.get()
    read_rows(dataset=dataset, by=world.partner)
    actions.stop_sharing_with(evaluation=world.evaluation, organisation=world.college, by=world.lead)
    said = sheet().content.decode()
    for words in (
        "Northern Council",
        "To judge the hubs",
        "DPIA-17",
        "Pat",
        f"outcomes.csv: {dataset.rows_stored} rows",
    ):
        assert words in said, words
    assert f"{dataset.retention_date:%-d %B %Y}" in said and "ended on" in said and dataset.sha256 in said
    assert "never in the database" in said


@pytest.mark.parametrize(
    ("rows", "said"),
    [(7, "Fewer than 1,000"), (45_000, "10,000 or more, fewer than 100,000"), (10**8, "10,000,000 or")],
)
def test_of_people_it_says_the_scale_and_not_the_number(sheet, rows, said):
    Dataset.objects.update(units_are_people=True, lawful_basis="public_task", rows_stored=rows, rows_read=rows)
    page = sheet().content.decode()
    assert said in page and f"{rows:,} kept" not in page


def test_nothing_on_record_is_said_to_be_so(world, sheet):
    Dataset.objects.update(controller="", dpia_reference="", retention_date=None)
    said = sheet().content.decode()
    assert "Not stated" in said and "Nobody has looked at rows" in said


def test_it_prints_as_pdf(sheet):
    answer = sheet(download="pdf")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


def test_on_the_retention_date_rows_go_and_estimates_stay_and_say_so(
    world, sheet, client, django_capture_on_commit_callbacks
):
    estimate = released(world)
    path = Dataset.objects.get().storage_path
    Dataset.objects.update(retention_date=timezone.localdate())
    with django_capture_on_commit_callbacks(execute=True):
        call_command("sweep", "--once")
    dataset = Dataset.objects.get()
    assert (dataset.state, dataset.storage_path) == ("deleted", "") and not default_storage.exists(path)
    assert "only whoever still holds the file can run them again" in sheet().content.decode()
    run = client.get(reverse("run", args=[world.evaluation.pk, world.run.pk])).content.decode()
    page = client.get(estimate.get_absolute_url()).content.decode()
    for said in (run, page):
        assert "holds the" in said and "SHA-256" in said
    assert client.post(reverse("run-repeat", args=[world.evaluation.pk, world.run.pk])).status_code in (302, 400, 409)
    assert world.evaluation.runs.count() == 1
