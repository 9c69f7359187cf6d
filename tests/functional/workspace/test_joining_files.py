"""Two files joined in a real browser, at both widths: problems first, then who is matched, then the joined rows."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from evaluations.datasets.actions import Particulars, upload_dataset
from evaluations.datasets.models import Dataset
from evaluations.workspaces.models import LawfulBasis

IDS = [f"x{number:04d}" for number in range(300)]
TOOK_PART = "opaque_id,group,meals\n" + "".join(
    f"{each.upper() if place == 7 else each},{('comparison', 'treated')[place % 2]},{('no', 'yes', 'yes')[place % 3]}\n"
    for place, each in enumerate(IDS[:200])
)
BECAME = "opaque_id,year,score\n" + "".join(
    f"{each},{year},{place % 9}\n" for place, each in enumerate(IDS) if place % 3 or place % 2 for year in (2019, 2020)
)


@pytest.fixture
def files(evaluation):
    for name, text in (("took part.csv", TOOK_PART), ("outcomes.csv", BECAME)):
        stated = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL)
        file = SimpleUploadedFile(name, text.encode())
        upload_dataset(evaluation=evaluation, file=file, name=name, particulars=stated, by=evaluation.created_by)


def test_two_files_are_joined(page, evaluation, files, sign_in, assert_accessible):
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    page.goto(f"/evaluations/{evaluation.pk}/data/")
    page.get_by_role("link", name="Join two files").click()
    page.get_by_label("Participation: who took part").select_option(label="took part.csv (200 rows)")
    page.get_by_label("Outcomes: what became").select_option(index=1)
    page.get_by_role("button", name="Use these files").click()
    page.get_by_role("button", name="Show who is matched").click()
    page.get_by_text("differs only in spaces or capitals").wait_for()
    assert page.title().startswith("Error: ")
    assert_accessible(page)
    page.get_by_label("Ignore spaces and capitals in ids").check()
    page.get_by_role("button", name="Show who is matched").click()
    page.get_by_role("heading", name="Who is matched, and who is lost").wait_for()
    page.get_by_text("100 % where it is yes").first.wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Keep the joined rows").click()
    page.get_by_text("Who was matched when the files were joined").wait_for()
    assert_accessible(page)
    assert Dataset.objects.count() == 3
