"""Short lists: an owner's notes and order; read by the owner's organisation, or by whoever holds the address."""

import csv
import io
import json

import pytest

from evaluations.organisations.models import Role
from evaluations.saved.actions import short_lists as actions
from evaluations.saved.models import ShortList
from tests.workspace_records import make_intervention, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(db):
    return make_user("reader")


@pytest.fixture
def two(db):
    return [make_intervention(name=name, slug=name.lower(), code=name.lower()) for name in ("Hubs", "Tutors")]


@pytest.fixture
def listed(reader, two):
    found = actions.create_short_list(name="For the board", by=reader)
    for row in two:
        actions.add_to_short_list(short_list=found, intervention=row, by=reader, note=f"Note on {row.name}")
    return found


def names(short_list) -> list[str]:
    return [item.intervention.name for item in short_list.items.all()]


def test_an_intervention_is_put_on_a_new_list_from_its_page(client, reader, two):
    assert "/short-lists/add/?intervention=hubs" in client.get("/interventions/hubs/").content.decode()
    assert client.get("/short-lists/add/?intervention=hubs")["Location"].startswith("/account/login/")
    client.force_login(reader)
    wrong = client.post("/short-lists/add/?intervention=hubs", {"short_list": "", "name": "", "note": "Cheap."})
    assert "give a new one a name" in wrong.content.decode()
    assert "Cheap." in wrong.content.decode()
    client.post("/short-lists/add/?intervention=hubs", {"short_list": "", "name": "For the board", "note": "Cheap."})
    found = ShortList.objects.get()
    client.post("/short-lists/add/?intervention=tutors", {"short_list": found.pk, "name": "", "note": ""})
    assert names(found) == ["Hubs", "Tutors"]
    assert "Cheap." in client.get(f"/short-lists/{found.pk}/").content.decode()
    assert client.get("/short-lists/add/?intervention=no-such").status_code == 404


def test_items_are_noted_moved_and_removed_by_buttons(client, reader, listed):
    client.force_login(reader)
    first, second = listed.items.all()
    address = f"/short-lists/{listed.pk}/items/"
    client.post(f"{address}{second.pk}/", {"do": "up"})
    assert names(listed) == ["Tutors", "Hubs"]
    client.post(f"{address}{second.pk}/", {"do": "up"})
    assert names(listed) == ["Tutors", "Hubs"]
    client.post(f"{address}{first.pk}/", {"do": "note", "note": "Ask Bristol."})
    first.refresh_from_db()
    assert first.note == "Ask Bristol."
    client.post(f"{address}{first.pk}/", {"do": "remove"})
    assert names(listed) == ["Tutors"]


def test_a_list_is_its_owners_until_it_is_shared_with_their_organisation(client, reader, listed):
    colleague, stranger = make_user("colleague"), make_user("stranger")
    council = make_organisation(analyst=reader, viewer=colleague)
    elsewhere = make_organisation(viewer=stranger)
    address = f"/short-lists/{listed.pk}/"
    client.force_login(colleague)
    assert client.get(address).status_code == 404
    client.force_login(reader)
    client.post(f"{address}share/", {"organisation": elsewhere.pk})
    client.post(f"{address}share/", {"organisation": council.pk})
    client.force_login(colleague)
    page = client.get(address).content.decode()
    assert "Note on Hubs" in page
    assert "Save note" not in page
    assert client.post(address, {"name": "Mine now"}).status_code == 404
    assert client.post(f"{address}delete/").status_code == 404
    assert client.post(f"{address}items/{listed.items.first().pk}/", {"do": "remove"}).status_code == 404
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    listed.refresh_from_db()
    assert (listed.organisation, listed.name) == (council, "For the board")
    assert council.memberships.filter(user=colleague, role=Role.VIEWER).exists()


def test_an_address_opens_the_list_to_read_until_it_is_closed(client, reader, listed):
    client.force_login(reader)
    client.post(f"/short-lists/{listed.pk}/link/", {"do": "open"})
    listed.refresh_from_db()
    address = f"/short-lists/link/{listed.link_token}/"
    assert len(listed.link_token) >= 40
    client.logout()
    page = client.get(address).content.decode()
    assert "Note on Tutors" in page
    assert "reader-" not in page
    assert client.get(f"{address}?brief=1").status_code == 200
    assert client.get(f"{address}?download=csv").status_code == 200
    client.force_login(reader)
    client.post(f"/short-lists/{listed.pk}/link/", {"do": "close"})
    client.logout()
    assert client.get(address).status_code == 404
    assert client.get("/short-lists/link/None/").status_code == 404


def test_a_draft_on_a_list_is_left_out_for_whoever_may_not_see_it(client, reader, listed, two):
    two[0].visibility = "draft"
    two[0].save()
    actions.open_link(short_list=listed, by=reader)
    page = client.get(f"/short-lists/link/{listed.link_token}/").content.decode()
    assert "Note on Hubs" not in page
    assert "1 that you may not see is left out." in page


def test_a_list_is_exported_with_its_order_and_notes(client, reader, listed):
    client.force_login(reader)
    address = f"/short-lists/{listed.pk}/?download="
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}csv").content.decode("utf-8-sig"))))
    assert [(row["position"], row["note"], row["name"]) for row in rows] == [
        ("1", "Note on Hubs", "Hubs"),
        ("2", "Note on Tutors", "Tutors"),
    ]
    told = json.loads(client.get(f"{address}json").content)
    assert [each["note"] for each in told["results"]] == ["Note on Hubs", "Note on Tutors"]
    assert client.get(f"{address}ris").status_code == 200
    assert client.get(f"{address}bibtex").status_code == 200
    assert client.get(f"{address}exe").status_code == 404


def test_the_brief_of_a_list_carries_its_name_and_notes(client, reader, listed):
    client.force_login(reader)
    page = client.get(f"/short-lists/{listed.pk}/brief/").content.decode()
    for said in ("<h1>For the board</h1>", "Note on Hubs", "Note on Tutors"):
        assert said in page
    pdf = client.get(f"/short-lists/{listed.pk}/brief/?download=pdf")
    assert pdf.status_code in (200, 503)
    if pdf.status_code == 200:
        assert pdf.content.startswith(b"%PDF")


def test_a_merged_intervention_stands_under_the_one_in_its_place(client, reader, listed, two):
    two[0].merged_into, two[0].visibility = two[1], "withdrawn"
    two[0].save()
    client.force_login(reader)
    page = client.get(f"/short-lists/{listed.pk}/").content.decode()
    assert 'href="/interventions/hubs/"' not in page
    assert page.count('href="/interventions/tutors/"') == 2
