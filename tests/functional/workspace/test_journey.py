"""The main journey in a real browser, at both widths: data, plan, run, answer, a second person's release."""

import pytest

from evaluations.organisations.actions import add_member, create_organisation
from evaluations.organisations.models import Role
from evaluations.runs.actions import claim
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.tasks import work_on
from evidence.estimates.models import EffectEstimate
from tests.workspace_records import make_intervention, make_outcome, panel


@pytest.fixture
def people(make_person):
    reviewer = make_person("ravi@example.org", "Ravi Reviewer")
    analyst = make_person("eva@example.org", "Eva Evaluator")
    organisation = create_organisation(name="A council", by=reviewer)
    add_member(organisation=organisation, user=analyst, role=Role.ANALYST, by=reviewer)
    make_intervention(name="Family Hubs")
    make_outcome(name="Good level of development")


@pytest.fixture
def outcomes(tmp_path):
    path = tmp_path / "outcomes.csv"
    panel().to_csv(path, index=False)
    return path


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def state_the_evaluation(page) -> None:
    page.goto("/evaluations/new/")
    page.get_by_label("Title").fill("Did the hubs help?")
    page.get_by_label("What is it to find out, and who will use the answer?").fill("To decide whether to go on.")
    page.get_by_label("Which intervention is evaluated?").select_option(label="Family Hubs")
    page.get_by_label("Which outcome is the headline?").select_option(index=1)
    page.get_by_label("An area, a school or another group").check()
    press(page, "Create the evaluation")
    page.get_by_role("heading", name="Did the hubs help?").wait_for()


def test_an_evaluator_and_a_reviewer_carry_data_to_the_catalogue(page, people, outcomes, sign_in, assert_accessible):
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    assert_accessible(page)
    page.goto("/evaluations/new/")
    press(page, "Create the evaluation")
    assert page.title().startswith("Error: ")
    assert_accessible(page)
    state_the_evaluation(page)
    root = page.url
    assert_accessible(page)

    page.goto(f"{root}data/upload/")
    page.locator("input[type=file]").set_input_files(outcomes)
    page.locator("main form").get_by_role("button").last.click()
    page.get_by_text("What each column holds").first.wait_for()

    page.goto(f"{root}plan/columns/")
    assert_accessible(page)
    press(page, "Continue")
    assert_accessible(page)
    page.get_by_label("In what unit is a change in the outcome column?").fill("percentage points")
    page.get_by_label("Why is the comparison group a fair one?").fill("Neighbours without a hub.")
    press(page, "Continue")
    assert_accessible(page)
    press(page, "Continue")
    assert_accessible(page)
    press(page, "Lock this plan")
    press(page, "Run this plan")
    assert_accessible(page)

    run = AnalysisRun.objects.get(state=RunState.QUEUED)
    work_on(claim(run_id=run.pk, worker="test"))
    page.get_by_role("heading", name="Receipt").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Ask for release").click()
    page.get_by_label("Who should check it and release it?").select_option(label="Ravi Reviewer")
    assert_accessible(page)
    press(page, "Ask for release")
    assert_accessible(page)
    page.context.clear_cookies()

    sign_in(page, "ravi@example.org", going_to="/evaluations/")
    page.goto(root)
    page.get_by_role("link", name="Look at it").click()
    assert_accessible(page)
    page.get_by_label("Release it").check()
    press(page, "Confirm")
    page.get_by_text("logged in the catalogue").wait_for()
    assert_accessible(page)
    estimate = EffectEstimate.objects.get()
    page.get_by_role("link", name=f"Estimate {estimate.pk}").click()
    page.get_by_text("Ravi Reviewer").first.wait_for()


def test_the_plan_and_the_run_need_no_script(open_page, people, outcomes, sign_in):
    page = open_page(javascript=False)
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    page.goto("/evaluations/examples/")
    page.get_by_role("button", name="Start this example").nth(2).click()
    page.get_by_text("Queued").wait_for()
    run = AnalysisRun.objects.get(state=RunState.QUEUED)
    work_on(claim(run_id=run.pk, worker="test"))
    page.reload()
    page.get_by_role("heading", name="Receipt").wait_for()
    press(page, "Run again: same digits")
    again = AnalysisRun.objects.get(state=RunState.QUEUED)
    work_on(claim(run_id=again.pk, worker="test"))
    page.reload()
    page.get_by_text("The same digits as run 1").wait_for()


def test_a_waiting_run_is_cancelled_with_one_button(page, people, sign_in, assert_accessible):
    sign_in(page, "eva@example.org", going_to="/evaluations/")
    page.goto("/evaluations/examples/")
    assert_accessible(page)
    page.get_by_role("button", name="Start this example").nth(2).click()
    press(page, "Cancel this run")
    page.get_by_text("Cancelled before it started.").wait_for()
    assert_accessible(page)
