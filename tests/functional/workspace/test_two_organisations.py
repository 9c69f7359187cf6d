"""Two organisations in a real browser: from an invitation through a shared draft and an embargo to a withdrawal."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from evaluations.organisations.actions import add_member, create_organisation
from evaluations.organisations.models import Role
from evaluations.workspaces.models import Evaluation, Stage
from tests.functional.workspace.test_journey import press
from tests.integration.sharing.conftest import answered_run
from tests.workspace_records import SPEC_PANEL, make_dataset, make_evaluation, make_locked_plan, panel

TITLE = "Did the hubs help?"


@pytest.fixture
def two(make_person):
    """A council with an analyst, a lead and a finished run; a college whose lead knows nothing of it."""
    lena = make_person("lena@example.org", "Lena Lead")
    eva = make_person("eva@example.org", "Eva Evaluator")
    pat = make_person("pat@example.org", "Pat Partner")
    council = create_organisation(name="Northern Council", by=lena)
    create_organisation(name="Hill College", by=pat)
    add_member(organisation=council, user=eva, role=Role.ANALYST, by=lena)
    evaluation = make_evaluation(owner=council, by=eva, title=TITLE)
    dataset = make_dataset(evaluation=evaluation, by=eva, frame=panel())
    answered_run(make_locked_plan(evaluation=evaluation, by=eva, dataset=dataset, spec=SPEC_PANEL), eva)
    return evaluation


def invited(lena, pat, assert_accessible, mailoutbox):
    """The council makes a partnership and invites the college, which joins by the letter."""
    lena.goto("/partnerships/new/")
    lena.get_by_label("Name", exact=True).fill("Northern hubs")
    lena.get_by_label("What have the partners agreed to find out together?").fill("What hubs do.")
    lena.get_by_label("Under which agreement and lawful basis do they share?").fill("Agreement of 1 May 2026.")
    lena.get_by_label("The agreement starts on").fill("2026-05-01")
    press(lena, "Make the partnership")
    home = lena.url
    lena.get_by_text("Invite a partner").click()
    lena.get_by_label("E-mail address").fill("pat@example.org")
    press(lena, "Invite")
    lena.get_by_text("An invitation is on its way").wait_for()
    assert_accessible(lena)
    pat.goto(re.search(r"/partnerships/join/\S+/", mailoutbox[-1].body).group())
    assert_accessible(pat)
    press(pat, "Join the partnership")
    pat.get_by_role("heading", name="Northern hubs").wait_for()
    assert TITLE not in pat.locator("main").inner_text()
    lena.goto("/invitations/")
    lena.get_by_text("Accepted by Pat Partner").wait_for()
    assert_accessible(lena)
    return home


def shared(lena, root, assert_accessible):
    """The council shares a draft, having seen what that makes visible."""
    lena.goto(f"{root}sharing/")
    lena.get_by_label("Partnership it is part of").select_option(label="Northern hubs")
    press(lena, "Save")
    lena.get_by_text("Name a partner").click()
    lena.get_by_label("Organisation", exact=True).fill("Hill College")
    lena.get_by_label("What is it given?").select_option(label="The results")
    press(lena, "Name this partner")
    lena.get_by_role("link", name="Share it with the named partners").click()
    expect(lena.locator("main")).to_contain_text("its plans, every run with its result and checks")
    assert_accessible(lena)
    press(lena, "Confirm")
    lena.get_by_text("Done: shared with named partners.").wait_for()


def discussed(eva, pat, home, assert_accessible):
    """The college is told, reads, comments, and asks for a change; the council hears of it and deals with it."""
    pat.goto("/notices/")
    pat.get_by_role("link", name="is now shared with named partners").click()
    pat.get_by_role("link", name="Discussion").click()
    pat.get_by_label("Comment").fill("Why not the neighbours?")
    press(pat, "Add the comment")
    pat.get_by_label("About").select_option(label="Run 1")
    pat.get_by_label("Comment").fill("Please leave out 2010.")
    pat.get_by_label("This asks for a change").check()
    press(pat, "Add the comment")
    pat.get_by_text("Asks for a change", exact=True).wait_for()
    assert_accessible(pat)
    eva.goto("/notices/")
    assert_accessible(eva)
    eva.get_by_role("link", name="Pat Partner asks for a change to run 1").click()
    eva.get_by_role("button", name=re.compile("Dealt with")).click()
    eva.get_by_text("Change dealt with").wait_for()
    pat.goto(home)
    pat.get_by_role("link", name=TITLE).first.wait_for()
    assert_accessible(pat)


def released_under_embargo(eva, lena, pat, visitor, two):
    """The analyst asks for release under embargo; the lead, a second person, releases."""
    root = f"/evaluations/{two.pk}/"
    until = timezone.localdate() + timedelta(days=1)
    eva.goto(f"{root}runs/{two.runs.get().pk}/release/")
    eva.get_by_label("Who should check it and release it?").select_option(label="Lena Lead")
    eva.get_by_label("Named partners now, everyone from a date").check()
    eva.get_by_label("If embargoed: everyone from").fill(f"{until}")
    press(eva, "Ask for release")
    lena.goto("/notices/")
    lena.get_by_role("link", name="Eva Evaluator asks you to review run 1").click()
    lena.get_by_label("Release it").check()
    press(lena, "Confirm")
    lena.get_by_text("logged in the catalogue").wait_for()
    estimate = two.runs.get().publications.get().estimate.get_absolute_url()
    assert (visitor.goto(estimate).status, pat.goto(estimate).status) == (404, 200)
    study = pat.locator("main").get_by_role("link", name=TITLE).first
    study.click()
    pat.get_by_role("heading", name=TITLE).wait_for()
    return estimate


def public_on_the_day(visitor, two, estimate, mailoutbox):
    """On the day it is public, by the sweep that a site runs every few seconds. The clock is not touched: the day is

    brought forward to a moment that has passed, which is all that the coming of the day would change.
    """
    call_command("sweep", "--once")
    assert visitor.goto(estimate).status == 404
    Evaluation.objects.filter(pk=two.pk).update(embargo_until=timezone.now() - timedelta(seconds=1))
    call_command("sweep", "--once")
    assert visitor.goto(estimate).status == 200
    assert Evaluation.objects.get(pk=two.pk).stage == Stage.PUBLIC
    assert any("has ended: it is public" in letter.subject for letter in mailoutbox)


def withdrawn(lena, pat, visitor, root, estimate, assert_accessible):
    """Withdrawn, it keeps its page, which says why."""
    lena.goto(f"{root}sharing/withdraw/")
    lena.get_by_label("Why is it withdrawn?").fill("The outcome was miscoded.")
    assert_accessible(lena)
    lena.locator("main form").get_by_role("button").click()
    visitor.goto(estimate)
    visitor.get_by_text("The outcome was miscoded.").first.wait_for()
    assert_accessible(visitor)
    pat.goto("/notices/")
    pat.get_by_text("has been withdrawn by Lena Lead").wait_for()


def test_two_organisations_go_from_an_invitation_to_a_withdrawal(
    open_page, two, sign_in, assert_accessible, mailoutbox
):
    lena, eva, pat, visitor = open_page(1280), open_page(1280), open_page(360), open_page(360)
    for page in (lena, eva, pat, visitor):
        page.set_default_timeout(90_000)
    for page, name in ((lena, "lena"), (eva, "eva"), (pat, "pat")):
        sign_in(page, f"{name}@example.org", going_to="/evaluations/")
    root = f"/evaluations/{two.pk}/"
    assert pat.goto(root).status == 404
    home = invited(lena, pat, assert_accessible, mailoutbox)
    shared(lena, root, assert_accessible)
    discussed(eva, pat, home, assert_accessible)
    estimate = released_under_embargo(eva, lena, pat, visitor, two)
    public_on_the_day(visitor, two, estimate, mailoutbox)
    withdrawn(lena, pat, visitor, root, estimate, assert_accessible)
