"""Twelve workbooks as the real ones look, each carried to its panel in a real browser by at most three decisions."""

from __future__ import annotations

import pandas as pd

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import local_table
from tests.messy_workbooks import WORKBOOKS

MOST_DECISIONS = 3
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload(page, evaluation, messy) -> None:
    page.goto(f"/evaluations/{evaluation.pk}/data/upload/")
    file = {"name": f"{messy.name}.xlsx", "mimeType": XLSX, "buffer": messy.content}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()


def panel_in(dataset: Dataset, columns: tuple[str, str, str]) -> dict:
    with local_table(dataset) as path:
        frame = pd.read_parquet(path)
    place, period, number = columns
    return {
        (area, when): None if pd.isna(value) else value
        for area, when, value in zip(frame[place], frame[period], frame[number], strict=True)
    }


def test_every_workbook_becomes_its_panel(wide_page, evaluation, sign_in, assert_accessible):
    page = wide_page
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    for place, messy in enumerate(WORKBOOKS):
        upload(page, evaluation, messy)
        decisions = 0
        waiting = page.get_by_role("link", name="Put the table in order")
        if waiting.count():
            waiting.click()
            afresh = page.get_by_role("link", name="Start afresh instead")
            if afresh.count():  # an earlier workbook of this test had the same header: a decision of its own
                afresh.click()
                decisions += 1
            page.get_by_text("The table can be kept").wait_for()
            if place == 0:
                assert_accessible(page)
            page.get_by_role("button", name="Keep this table").click()
            decisions += 1
        page.get_by_text("What each column holds").first.wait_for()
        assert decisions <= MOST_DECISIONS, messy.name
        assert Dataset.objects.count() == place + 1, messy.name
        assert panel_in(Dataset.objects.first(), messy.columns) == messy.panel, messy.name


def test_the_page_of_steps_is_usable_on_a_small_screen_without_script(
    open_page, evaluation, sign_in, assert_accessible
):
    page = open_page(360, javascript=False)
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    upload(page, evaluation, next(each for each in WORKBOOKS if each.name == "totals and regions"))
    page.get_by_role("link", name="Put the table in order").click()
    page.get_by_label("Totals left out").uncheck()
    page.get_by_role("button", name="Show it with my changes").click()
    page.get_by_text("Total", exact=True).first.wait_for()
    page.get_by_label("Totals left out").check()
    page.get_by_role("button", name="Keep this table").click()
    page.get_by_text("What each column holds").first.wait_for()
    assert Dataset.objects.get().rows_stored == 12
