"""Files meant to do harm: names that climb out of their folder, archives that swell, links, wrong kinds."""

import io
import os
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from evaluations.datasets.models import Dataset
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db
GOOD = b"area,year,score,start\nA,2018,1.5,\nA,2019,2.5,\nB,2018,1,2019\nB,2019,2,2019\n"
NAMES = [
    *("../../../../tmp/climbed.csv", "/etc/passwd", "..\\..\\climbed.csv", "C:\\climbed.csv", "climbed.csv\x00.html"),
    *("a" * 400 + ".csv", "<script>alert(1)</script>.csv", 'x"; filename="y.csv', "x\r\nSet-Cookie: a=b.csv"),
]


@pytest.fixture
def evaluation(db):
    analyst = make_user("analyst")
    return make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)


@pytest.fixture
def upload(client, evaluation):
    """Uploads a file by page and by API; the two answers."""
    client.force_login(evaluation.created_by)

    def sent(content: bytes, name: str) -> tuple:
        stated = {"kind": "outcomes", "lawful_basis": "not_personal", "units_are_people": ""}
        page = client.post(
            f"/evaluations/{evaluation.pk}/data/upload/", stated | {"file": SimpleUploadedFile(name or "x", content)}
        )
        api = client.post(
            "/api/v1/datasets/", {"evaluation": evaluation.pk, "file": SimpleUploadedFile(name or "x", content)}
        )
        return page, api

    return sent


def stored() -> list[Path]:
    root = Path(default_storage.path(""))
    return [Path(folder) / name for folder, _, names in os.walk(root) for name in names]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_leads_a_file_out_of_its_folder_or_into_a_header(upload, client, evaluation, name):
    before = set(Path("/tmp").glob("*climbed*"))
    for answer in upload(GOOD, name):
        assert answer.status_code < 500
        assert "Set-Cookie: a=b" not in str(answer.headers) and "a" not in answer.cookies
    for dataset in Dataset.objects.all():
        assert "/" not in dataset.original_name and "\\" not in Path(dataset.storage_path).name
        assert dataset.storage_path.startswith(f"datasets/{evaluation.pk}/") and ".." not in dataset.storage_path
        page = client.get(f"/evaluations/{evaluation.pk}/data/{dataset.pk}/")
        assert "<script>alert" not in page.content.decode()
    assert set(Path("/tmp").glob("*climbed*")) == before
    assert all(path.resolve().is_relative_to(Path(default_storage.path("")).resolve()) for path in stored())


def archive(*members: tuple[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compress) as made:
        for name, content in members:
            made.writestr(name, content)
    return written.getvalue()


def swelling_workbook() -> bytes:
    """A workbook of a megabyte whose sheet would be a gigabyte."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        with made.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            block = b" " * (1 << 22)
            for _ in range(256):
                sheet.write(block)
    return written.getvalue()


def link_in_archive() -> bytes:
    link = zipfile.ZipInfo("xl/workbook.xml")
    link.external_attr = 0o120777 << 16
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr(link, "/etc/passwd")
    return written.getvalue()


EXPANDS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>&b;</x>'
READS = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><worksheet>&f;</worksheet>'
HARMFUL = {
    "a workbook that swells": swelling_workbook,
    "a link in an archive": link_in_archive,
    "names in an archive that climb": lambda: archive(("../../../../tmp/climbed", b"x"), ("/etc/x", b"y")),
    "entities that expand": lambda: archive(("xl/workbook.xml", EXPANDS), ("[Content_Types].xml", EXPANDS)),
    "entities that read files": lambda: archive(("xl/worksheets/sheet1.xml", READS), ("xl/workbook.xml", READS)),
    "an archive in an archive": lambda: archive(("x.xlsx", archive(("y", b"z" * 1000)))),
    "half an archive": lambda: archive(("xl/workbook.xml", b"x" * 5000))[:300],
    "a page": lambda: b"<html><script>alert(1)</script></html>",
    "a picture that is a script": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a program": lambda: b"\x7fELF" + bytes(2000),
    "nothing but null bytes": lambda: bytes(5000),
    "Parquet in name only": lambda: b"PAR1" + bytes(200) + b"PAR1",
}


@pytest.mark.parametrize("what", HARMFUL)
def test_a_harmful_file_is_refused_in_words_and_nothing_is_kept(upload, what):
    before = stored()
    content = HARMFUL[what]()
    for name in ("data.xlsx", "data.csv"):
        page, api = upload(content, name)
        assert (page.status_code, api.status_code) == (200, 400), name
        assert "There is a problem" in page.content.decode() and api.json()["issues"]
        assert "root:x:0" not in page.content.decode() + api.content.decode()
    assert not Dataset.objects.exists()
    assert [path for path in stored() if "pending" not in path.parts] == [p for p in before if "pending" not in p.parts]
    assert not Path("/tmp/climbed").exists()


def test_uploaded_files_have_no_address(client, upload, evaluation):
    upload(GOOD, "areas.csv")
    path = Dataset.objects.first().storage_path
    for address in (f"/{path}", f"/media/{path}", f"/files/{path}", f"/static/{path}", f"/static/../{path}"):
        assert client.get(address).status_code == 404
