"""Two of 250 areas are ticked on a phone, by keyboard and without script; the plan then begins where few lead."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from evaluations.datasets.actions import Particulars, upload_dataset
from evaluations.datasets.models import Dataset
from evaluations.workspaces.models import LawfulBasis

TALLEST = 4_500
"""Pixels that the page may be tall at 360 pixels' width: all 250 in one list took 18,000."""
ROWS = [f"Ward {unit:03d},{year},{unit % 7 + year - 2012}" for unit in range(250) for year in range(2012, 2020)]


def test_areas_are_ticked_on_a_phone_without_script(open_page, evaluation, sign_in, assert_accessible):
    file = SimpleUploadedFile("rates.csv", "\n".join(["area,year,rate", *ROWS, ""]).encode())
    stated = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL)
    dataset = upload_dataset(
        evaluation=evaluation, file=file, name="rates.csv", particulars=stated, by=evaluation.created_by
    )
    page = open_page(360, javascript=False)
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    page.goto(f"/evaluations/{evaluation.pk}/data/{dataset.pk}/treatment/")
    page.get_by_label("First treated period of those ticked").select_option("2016")
    page.get_by_label("Ward 003").check()
    page.get_by_role("button", name="Next units").click()
    page.get_by_text("40 to 79 of 249 units").or_(page.get_by_text("41 to 80 of 249 units")).wait_for()
    page.get_by_label("Find units by part of a name").fill("ward 120")
    page.keyboard.press("Enter")
    page.get_by_label("Ward 120").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Show who is treated when").click()
    page.get_by_text("2 ticked").wait_for()
    page.get_by_label("from (start of Ward 120, if not as above)").fill("2017")
    page.get_by_role("button", name="Show who is treated when").click()
    page.get_by_role("button", name="Keep this treatment").click()
    page.get_by_text("What each column holds").first.wait_for()
    assert Dataset.objects.first().reading["step"]["starts"] == {"Ward 003": "2016", "Ward 120": "2017"}
    page = open_page(360)
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    page.goto(f"/evaluations/{evaluation.pk}/data/{dataset.pk}/treatment/")
    assert page.evaluate("() => document.documentElement.scrollHeight") < TALLEST
    assert_accessible(page)
    page.goto(f"/evaluations/{evaluation.pk}/plan/columns/")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("With 2 treated units").wait_for()
    assert page.get_by_label("Different starting dates, by filling in what would have been").is_checked()
    assert_accessible(page)
