"""Saved searches: what is new is a difference between lists, feeds and letters carry public records only."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from evaluations.saved.actions.digests import ring_for_digests, send_digest
from evaluations.saved.actions.searches import save_search
from evaluations.saved.models import SavedSearch
from evaluations.saved.queries import news_since_seen
from evidence.catalogue.signals import tell_changed
from tests.workspace_records import make_intervention, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(db):
    return make_user("reader")


def added(name, **fields):
    row = make_intervention(name=name, country="England", **fields)
    tell_changed([row.pk])
    return row


def kept(reader, query="search=hubs", frequency="none", name="Hubs"):
    return save_search(name=name, kind="intervention", query=query, frequency=frequency, by=reader)


def make_due(search):
    SavedSearch.objects.filter(pk=search.pk).update(next_digest_at=timezone.now() - timedelta(seconds=1))
    search.refresh_from_db()


def test_a_search_is_saved_from_its_address_with_its_words_and_filters_only(client, reader):
    added("Night hubs", life_stage="adult")
    client.force_login(reader)
    listed = client.get("/interventions/?search=hubs&life_stage=adult&page=1").content.decode()
    assert "/saved-searches/new/?search=hubs&amp;life_stage=adult&amp;kind=intervention" in listed
    address = "/saved-searches/new/?search=hubs&life_stage=adult&kind=intervention&nonsense=1"
    assert client.get(address).status_code == 200
    client.post(address, {"name": "Hubs for adults", "frequency": "weekly"})
    search = SavedSearch.objects.get()
    assert (search.query, search.frequency) == ("search=hubs&life_stage=adult", "weekly")
    page = client.get("/saved-searches/").content.decode()
    assert "Hubs for adults" in page
    assert "/interventions/?search=hubs&amp;life_stage=adult" in page


def test_what_matched_when_it_was_saved_is_not_new_and_what_came_since_is(reader):
    old = added("Old hubs")
    search = kept(reader)
    assert news_since_seen(search).new_keys == []
    new = added("New hubs")
    hidden = added("Draft hubs", visibility="draft", published_at=None)
    news = news_since_seen(search)
    assert news.new_keys == [new.pk]
    assert hidden.pk not in news.keys
    assert set(news.keys) == {old.pk, new.pk}


def test_a_record_that_begins_to_match_is_new_although_it_is_old(reader):
    row = added("Night classes")
    search = kept(reader, query="search=lanterns")
    row.name = "Night lanterns"
    row.save()
    tell_changed([row.pk])
    assert news_since_seen(search).new_keys == [row.pk]


def test_new_stays_new_until_it_is_marked_as_seen(client, reader):
    search = kept(reader)
    added("New hubs")
    client.force_login(reader)
    for _ in range(2):
        assert "1 new" in client.get(f"/saved-searches/{search.pk}/").content.decode()
    client.post(f"/saved-searches/{search.pk}/seen/")
    assert "Nothing new" in client.get(f"/saved-searches/{search.pk}/").content.decode()


def test_nobody_else_reaches_a_saved_search(client, reader):
    search = kept(reader)
    client.force_login(make_user("other"))
    assert client.get(f"/saved-searches/{search.pk}/").status_code == 404
    assert client.post(f"/saved-searches/{search.pk}/delete/").status_code == 404
    assert "Hubs" not in client.get("/saved-searches/").content.decode()
    assert SavedSearch.objects.exists()


def test_renaming_deleting_and_a_name_taken(client, reader):
    search = kept(reader)
    kept(reader, name="Other")
    client.force_login(reader)
    taken = client.post(f"/saved-searches/{search.pk}/", {"name": "Other", "frequency": "none"})
    assert "You have a search called “Other” already." in taken.content.decode()
    client.post(f"/saved-searches/{search.pk}/", {"name": "Renamed", "frequency": "daily"})
    search.refresh_from_db()
    assert search.name == "Renamed"
    assert search.next_digest_at is not None
    client.post(f"/saved-searches/{search.pk}/delete/")
    assert list(SavedSearch.objects.values_list("name", flat=True)) == ["Other"]


def test_the_feed_needs_its_address_only_and_a_new_address_ends_the_old(client, reader):
    row = added("New hubs")
    added("Draft hubs", visibility="draft", published_at=None)
    search = kept(reader)
    address = f"/saved-searches/feed/{search.feed_token}/"
    feed = client.get(address)
    assert feed["Content-Type"].startswith("application/atom+xml")
    assert row.get_absolute_url() in feed.content.decode()
    assert "Draft hubs" not in feed.content.decode()
    client.force_login(reader)
    client.post(f"/saved-searches/{search.pk}/new-feed/")
    assert client.get(address).status_code == 404


@override_settings(SITE_URL="https://uplift.example")
def test_a_letter_names_what_is_new_once_and_how_to_stop(client, reader):
    search = kept(reader, frequency="daily")
    row = added("New hubs")
    assert ring_for_digests() == 0
    make_due(search)
    assert ring_for_digests() == 1
    assert ring_for_digests() == 0, "the lease keeps a second sweeper off"
    assert send_digest(search.pk)
    (letter,) = mail.outbox
    assert letter.to == [reader.email]
    assert f"https://uplift.example{row.get_absolute_url()}" in letter.body
    stop = f"https://uplift.example/saved-searches/unsubscribe/{search.unsubscribe_token}/"
    assert stop in letter.body
    assert letter.extra_headers["List-Unsubscribe"] == f"<{stop}>"
    make_due(search)
    assert not send_digest(search.pk), "nothing new: no letter"
    assert len(mail.outbox) == 1


def test_a_letter_that_could_not_be_sent_is_tried_again(reader, monkeypatch):
    search = kept(reader, frequency="daily")
    added("New hubs")
    make_due(search)

    def broken(self):
        raise OSError("no mail server")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", broken)
        with pytest.raises(OSError, match="no mail server"):
            send_digest(search.pk)
    search.refresh_from_db()
    assert search.sent_keys == []
    assert send_digest(search.pk)


def test_letters_are_stopped_without_signing_in_by_the_button_never_by_looking(client, reader):
    search = kept(reader, frequency="weekly")
    address = f"/saved-searches/unsubscribe/{search.unsubscribe_token}/"
    assert client.get(address).status_code == 200
    search.refresh_from_db()
    assert search.frequency == "weekly"
    client.handler.enforce_csrf_checks = True
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    search.refresh_from_db()
    assert (search.frequency, search.next_digest_at) == ("none", None)
    assert client.get("/saved-searches/unsubscribe/guessed/").status_code == 404
