"""Whoever should know is told, on the page, by letter and by feed, and nobody of what they may not see."""

from datetime import timedelta
from smtplib import SMTPException

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.datasets.models import Dataset
from evaluations.organisations.actions import add_member, end_membership
from evaluations.organisations.invitations import accept_invitation, invite_member
from evaluations.organisations.models import Role
from evaluations.sharing import actions
from evaluations.sharing.actions.notices import (
    choose_letters,
    mark_read,
    new_feed_key,
    send_letters,
    tell_retention_near,
)
from evaluations.sharing.actions.stages import change_stage
from evaluations.sharing.models import LetterFrequency, Notice
from evaluations.sharing.notices import in_words, notices_of, unread_count
from evaluations.workspaces.models import Stage
from tests.integration.sharing.test_stages import released, shared, time_machine_to  # noqa: F401  (a fixture)
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db


def words_of(person) -> list[str]:
    return [in_words(each).words for each in notices_of(person)]


def say(world, **more):
    return actions.add_comment(evaluation=world.evaluation, body="Zirconium", by=world.analyst, **more)


def test_a_comment_is_told_to_those_who_follow_and_not_to_whoever_made_it(world):
    shared(world, "plan")
    Notice.objects.all().delete()
    say(world, plan=world.plan)
    expected = [f"Eva commented on plan 1 of “{world.evaluation}”."]
    assert (words_of(world.lead), words_of(world.partner), words_of(world.analyst)) == (expected, expected, [])


def test_a_comment_on_a_run_is_told_only_where_results_are_given(world):
    shared(world, "plan")
    Notice.objects.all().delete()
    say(world, run=world.run, asks_for_change=True)
    assert words_of(world.lead) == [f"Eva asks for a change to run 1 of “{world.evaluation}”."]
    assert words_of(world.partner) == []


def test_each_step_of_a_release_is_told_to_whom_it_concerns(world, time_machine_to):  # noqa: F811
    shared(world)
    assert words_of(world.partner) == [f"“{world.evaluation}” of {world.council} is now shared with named partners."]
    review = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst)
    assert words_of(world.lead)[0].startswith("Eva asks you to review run 1")
    actions.request_changes(review=review, by=world.lead, note="Adjust.")
    assert words_of(world.analyst)[0] == f"Lena sent run 1 of “{world.evaluation}” back: something should change."
    soon = timezone.now() + timedelta(hours=1)
    released(world, release_to="embargoed", embargo_until=soon)
    assert words_of(world.partner)[0] == f"Lena released run 1 of “{world.evaluation}”."
    time_machine_to(soon + timedelta(minutes=1))
    actions.lift_embargoes()
    assert words_of(world.partner)[0] == f"The embargo on “{world.evaluation}” has ended: it is public."
    world.evaluation.refresh_from_db()
    actions.withdraw_evaluation(evaluation=world.evaluation, reason="A mistake.", by=world.lead)
    assert words_of(world.partner)[0] == f"“{world.evaluation}” has been withdrawn by Lena. Its page says why."


def test_access_that_is_taken_away_silences_what_was_told_before(world, client, mailoutbox):
    shared(world)
    say(world)
    key = new_feed_key(by=world.partner)
    feed = reverse("notices-feed", args=[key])
    assert len(words_of(world.partner)) == 2 and str(world.evaluation) in client.get(feed).content.decode()
    actions.stop_sharing_with(evaluation=world.evaluation, organisation=world.college, by=world.lead)
    assert words_of(world.partner) == [] and unread_count(world.partner) == 0
    assert str(world.evaluation) not in client.get(feed).content.decode()
    Notice.objects.exclude(recipient=world.partner).delete()
    assert (send_letters(), mailoutbox) == (0, [])


def test_a_level_that_is_lowered_silences_what_it_no_longer_grants(world):
    shared(world, "results")
    Notice.objects.all().delete()
    say(world, run=world.run)
    say(world, plan=world.plan)
    assert len(words_of(world.partner)) == 2
    actions.share_with(evaluation=world.evaluation, organisation=world.college, level="plan", by=world.lead)
    assert words_of(world.partner) == [f"Eva commented on plan 1 of “{world.evaluation}”."]


def test_a_letter_goes_out_once_at_once_without_the_comment_itself(world, mailoutbox):
    shared(world, "plan")
    Notice.objects.all().delete()
    say(world)
    told = set(Notice.objects.values_list("recipient", flat=True))
    admins = [each.memberships.get(role=Role.ADMIN).user_id for each in (world.council, world.college)]
    assert told == {world.lead.pk, world.partner.pk, *admins}
    assert (send_letters(), send_letters()) == (4, 0)
    letter = next(each for each in mailoutbox if each.to == [world.partner.email])
    assert letter.subject == f"Eva commented on “{world.evaluation}”."
    assert f"/evaluations/{world.evaluation.pk}/discussion/" in letter.body and "Zirconium" not in letter.body


def test_daily_letters_come_once_a_day_and_never_means_never(world, mailoutbox, monkeypatch):
    shared(world, "plan")
    Notice.objects.all().delete()
    choose_letters(frequency=LetterFrequency.DAILY, by=world.lead)
    choose_letters(frequency=LetterFrequency.NEVER, by=world.partner)
    morning = timezone.localtime().replace(hour=8)
    monkeypatch.setattr("evaluations.sharing.actions.notices.timezone.localtime", lambda: morning)
    monkeypatch.setattr("evaluations.sharing.actions.notices.timezone.now", lambda: morning + timedelta(days=3))
    say(world)
    say(world)
    Notice.objects.exclude(recipient__in=[world.lead, world.partner]).delete()
    assert send_letters() == 1
    assert (mailoutbox[0].subject, mailoutbox[0].to) == ("2 things happened on Uplift", [world.lead.email])
    say(world)
    Notice.objects.exclude(recipient__in=[world.lead, world.partner]).delete()
    assert send_letters() == 0
    tomorrow = morning + timedelta(days=1)
    monkeypatch.setattr("evaluations.sharing.actions.notices.timezone.localtime", lambda: tomorrow)
    assert send_letters() == 1
    assert len(words_of(world.partner)) == 3


def test_a_letter_that_cannot_be_sent_is_tried_again_and_not_lost(world, mailoutbox, monkeypatch):
    shared(world, "plan")
    Notice.objects.all().delete()
    say(world)
    Notice.objects.exclude(recipient=world.partner).delete()

    def refuse(*_, **__):
        raise SMTPException("The mail server is away.")

    with monkeypatch.context() as away:
        away.setattr("evaluations.sharing.actions.notices.send_letter", refuse)
        assert send_letters() == 0
    assert send_letters() == 0, "not at once again"
    Notice.objects.update(mail_after=timezone.now())
    assert send_letters() == 1 and len(mailoutbox) == 1


def test_the_page_counts_what_is_new_until_it_is_read(world, client):
    shared(world)
    say(world)
    client.force_login(world.partner)
    assert "2 new notices" in client.get("/account/").content.decode()
    page = client.get(reverse("notices")).content.decode()
    assert "Eva commented on" in page and "2 unread" in page
    client.post(reverse("notices-read"))
    assert "new notices" not in client.get("/account/").content.decode()
    assert mark_read(by=world.partner) == 0


def test_the_feed_is_private_shown_once_and_can_be_ended(world, client):
    shared(world)
    client.force_login(world.partner)
    page = client.post(reverse("notices-feed-new")).content.decode()
    path = page.partition('<code class="up-code">')[2].partition("</code>")[0].partition("/notices/")[2]
    address = f"/notices/{path}"
    client.logout()
    answer = client.get(address)
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/atom+xml")
    assert "shared with named partners" in answer.content.decode()
    client.force_login(world.partner)
    assert path not in client.get(reverse("notices")).content.decode()
    client.post(reverse("notices-feed-new"), {"end": "1"})
    assert client.get(address).status_code == 404
    assert client.get(reverse("notices-feed", args=["guessed"])).status_code == 404


def test_a_person_who_left_is_told_nothing_more(world):
    other = make_user("Olu")
    admin = world.council.memberships.get(role=Role.ADMIN).user
    spell = add_member(organisation=world.council, user=other, role=Role.LEAD, by=admin)
    say(world)
    assert len(words_of(other)) == 1
    end_membership(membership=spell, by=admin)
    assert words_of(other) == []
    say(world)
    assert Notice.objects.filter(recipient=other).count() == 1


def test_whoever_invited_is_told_that_it_was_accepted(world):
    admin = world.council.memberships.get(role=Role.ADMIN).user
    guest = make_user("Gita")
    invited = invite_member(
        organisation=world.council, email=guest.email, role=Role.VIEWER, by=admin, site_url="https://uplift.example"
    )
    accept_invitation(token=invited.token, by=guest)
    assert words_of(admin) == [f"Gita accepted the invitation to {world.council}."]


def test_leads_are_told_once_before_rows_are_deleted(world):
    Notice.objects.all().delete()
    Dataset.objects.update(retention_date=timezone.localdate() + timedelta(days=31))
    assert tell_retention_near() == 0
    Dataset.objects.update(retention_date=timezone.localdate() + timedelta(days=30))
    assert tell_retention_near() == 2
    assert tell_retention_near() == 0
    (told,) = words_of(world.lead)
    assert told.startswith(f"The rows of outcomes.csv in “{world.evaluation}” will be deleted on ")
    assert words_of(world.analyst) == []


def test_making_it_private_again_silences_partners(world):
    shared(world)
    change_stage(evaluation=world.evaluation, to_stage=Stage.PRIVATE, by=world.lead)
    assert words_of(world.partner) == []
