"""The pages on which data are uploaded say every problem, keep nothing bad and leak nothing."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from evaluations.datasets.ingest import load_table
from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.datasets.template_files import TEMPLATES, template_csv, template_named
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.models import LawfulBasis
from tests.workspace_records import make_evaluation, make_organisation, make_user

from .test_upload import GOOD

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)


def send(client, evaluation, content: str | bytes, *, name: str = "areas.csv", **more):
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    stated = {"file": file, "kind": "outcomes", "lawful_basis": LawfulBasis.NOT_PERSONAL} | more
    return client.post(reverse("dataset-upload", args=[evaluation.pk]), stated)


def test_upload_preview_rows_and_download(client, analyst, evaluation):
    client.force_login(analyst)
    empty = client.get(reverse("datasets", args=[evaluation.pk])).content.decode()
    assert "No data yet" in empty and "Templates to fill in" in empty
    answer = send(client, evaluation, GOOD)
    dataset = Dataset.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("dataset", args=[evaluation.pk, dataset.pk])
    page = client.get(answer.url).content.decode()
    assert "Whole numbers" in page and dataset.sha256 in page and "007" not in page
    assert "007" in client.get(answer.url + "?rows=1").content.decode()
    rows = b"".join(client.get(reverse("dataset-rows", args=[evaluation.pk, dataset.pk])).streaming_content).decode()
    assert rows.splitlines()[1] == "007,2018,1.5,"
    assert "areas.csv" in client.get(reverse("datasets", args=[evaluation.pk])).content.decode()


def test_every_problem_is_on_the_page_and_nothing_is_kept(client, analyst, evaluation):
    client.force_login(analyst)
    page = send(
        client, evaluation, "area,year,score\na,2018,1\na,2019,oops\nb,2018\nb,2019,=cmd|' /C calc'!A0\nc,1,2\n"
    ).content.decode()
    assert "<title>Error:" in page and "There is a problem" in page and "3 problems found" in page
    for words in ("Row 3", "oops", "Row 4 has 2 cells", "as a formula", "Nothing was stored"):
        assert words in page
    assert not Dataset.objects.exists()


def test_what_is_missing_about_people_is_said_beside_the_field(client, analyst, evaluation):
    client.force_login(analyst)
    page = send(client, evaluation, GOOD, units_are_people="on").content.decode()
    assert "choose the lawful basis" in page and "Enter the date on which" in page
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("name", ["datasets", "dataset-upload"])
def test_others_see_nothing(client, evaluation, name):
    address = reverse(name, args=[evaluation.pk])
    assert client.get(address).status_code == 302
    client.force_login(make_user("stranger"))
    assert client.get(address).status_code == 404


def test_deleting_asks_why(client, evaluation):
    lead = make_user("lead")
    from evaluations.organisations.actions import add_member
    from evaluations.organisations.models import Membership, Role

    admin = Membership.objects.filter(organisation=evaluation.owner, role=Role.ADMIN).first().user
    add_member(organisation=evaluation.owner, user=lead, role=Role.LEAD, by=admin)
    client.force_login(lead)
    send(client, evaluation, GOOD)
    dataset = Dataset.objects.get()
    address = reverse("dataset-delete", args=[evaluation.pk, dataset.pk])
    assert "There is a problem" in client.post(address, {"reason": ""}).content.decode()
    page = client.post(address, {"reason": "The agreement ended."}, follow=True).content.decode()
    assert "The rows were deleted" in page and "The agreement ended." in page


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_templates_pass_as_they_are(client, analyst, evaluation, template):
    client.force_login(analyst)
    content = client.get(reverse("data-template", args=[template.name])).content.decode()
    assert content == template_csv(template)
    kind = DatasetKind.SITES if template.is_sites else DatasetKind.OUTCOMES
    assert send(client, evaluation, content, kind=kind).status_code == 302
    workbook = client.get(reverse("data-template-workbook", args=[template.name])).content
    assert send(client, evaluation, workbook, kind=kind, name="template.xlsx").status_code == 302
    as_csv, as_workbook = (each.columns for each in Dataset.objects.order_by("pk"))
    assert as_csv == as_workbook
    dictionary = client.get(reverse("data-template-dictionary", args=[template.name])).content.decode()
    assert [line.split(",")[0] for line in dictionary.splitlines()[1:]] == [each.name for each in template.columns]
    if template.is_sites or template.estimator == "join":
        return
    columns = {column.role: column.name for column in template.columns if column.role}
    spec = parse_spec(
        {
            "method": "proximity" if template.estimator in ("ring_did", "access_did") else "did",
            "estimator": template.estimator,
            "columns": columns,
            "options": {"panel": "unit" in columns},
        }
    )
    import io

    sites = io.BytesIO(template_csv(template_named("sites")).encode()) if template.estimator == "access_did" else None
    assert load_table(io.BytesIO(content.encode()), spec, sites=sites).n_rows == len(template.rows())


def test_the_page_of_templates_lists_them_all_with_their_dictionaries(client):
    page = client.get(reverse("data-templates")).content.decode()
    assert all(template.title in page for template in TEMPLATES)
    assert "Role: first treated" in page and "16 and 17 year olds known to the authority" in page
    assert client.get("/evaluations/templates/nothing.xlsx").status_code == 404
