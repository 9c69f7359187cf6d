"""Sites saved once to the catalogue are used in another evaluation, shown on the intervention's page, and public only
when an editor has approved them."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.datasets.queries import sites_in
from evaluations.datasets.site_lists import decide_on_sites, save_sites, use_sites
from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import NotAllowed
from evaluations.stats.issues import BadInput
from evidence.sites.models import SiteList
from evidence.sites.queries import site_lists_visible_to
from tests.homes_by_postcode import upload
from tests.workspace_records import make_evaluation, make_intervention, make_organisation, make_user

pytestmark = pytest.mark.django_db

FILE = "name,latitude,longitude,opened,closed,kind\nNorth,53.0,-2.0,2003,,hub\nSouth,52.9,-2.1,2005,2010,outreach\n"
STATED = {"name": "Hubs of the county", "source": "The county's register, May 2026"}


@pytest.fixture
def owner():
    analyst, viewer = make_user("analyst"), make_user("viewer")
    organisation = make_organisation(analyst=analyst, viewer=viewer)
    return organisation, analyst, viewer


@pytest.fixture
def editor():
    person = make_user("editor")
    person.is_staff = True
    person.save()
    return person


@pytest.fixture
def intervention():
    return make_intervention()


@pytest.fixture
def dataset(owner):
    organisation, analyst, _ = owner
    evaluation = make_evaluation(owner=organisation, by=analyst)
    return upload(evaluation, analyst, FILE, kind=DatasetKind.SITES)


@pytest.fixture
def saved(owner, dataset, intervention):
    return save_sites(dataset=dataset, intervention=intervention, by=owner[1], **STATED)


def page(client, person, address):
    if person is None:
        client.logout()
    else:
        client.force_login(person)
    return client.get(address)


def test_the_whole_way_by_page_from_a_file_to_another_evaluation(client, owner, dataset, intervention):
    organisation, analyst, _ = owner
    here = dataset.evaluation_id
    client.force_login(analyst)
    assert (
        reverse("sites-save", args=[here, dataset.pk])
        in client.get(reverse("dataset", args=[here, dataset.pk])).content.decode()
    )
    stated = STATED | {"intervention": intervention.pk}
    answer = client.post(reverse("sites-save", args=[here, dataset.pk]), stated)
    saved = SiteList.objects.get()
    assert answer.url == saved.get_absolute_url()
    shown = client.get(answer.url).content.decode()
    assert "North" in shown and "The county&#x27;s register" in shown and "editors see this list" in shown

    other = make_evaluation(owner=organisation, by=analyst, title="Another question")
    choose = client.get(reverse("sites-use", args=[other.pk])).content.decode()
    assert "Hubs of the county (2 sites; saved by" in choose
    answer = client.post(reverse("sites-use", args=[other.pk]), {"site_list": saved.pk})
    used = Dataset.objects.get(evaluation=other)
    assert answer.url == reverse("dataset", args=[other.pk, used.pk])
    assert [(row.name, row.latitude, str(row.opened), row.closed, row.kind) for row in sites_in(used)] == [
        ("North", 53.0, "2003", None, "hub"),
        ("South", 52.9, "2005", 2010, "outreach"),
    ]
    assert f"list {saved.pk}" in used.purpose
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"save_sites_to_catalogue", "use_sites_of_catalogue"} <= verbs


def test_only_the_organisation_and_editors_see_a_list_until_it_is_approved(client, owner, editor, saved, intervention):
    _, analyst, viewer = owner
    stranger = make_user("stranger")
    make_organisation(analyst=stranger)
    pages = (saved.get_absolute_url(), intervention.get_absolute_url())
    for person, sees in ((None, False), (stranger, False), (viewer, True), (analyst, True), (editor, True)):
        list_page, own_page = (page(client, person, address) for address in pages)
        assert (list_page.status_code == 200) is sees
        assert ("Hubs of the county" in own_page.content.decode()) is sees
    decide_on_sites(site_list=saved, decision="publish", by=editor)
    for person in (None, stranger):
        list_page, own_page = (page(client, person, address) for address in pages)
        assert list_page.status_code == 200
        assert "Hubs of the county" in own_page.content.decode()
        assert "2 sites, from The county" in own_page.content.decode()
        assert "<svg" in own_page.content.decode()
    assert AuditEvent.objects.filter(verb="publish_site_list", by=editor).count() == 1


def test_only_an_editor_approves_and_withdraws(client, owner, editor, saved):
    for person in owner[1:]:
        with pytest.raises(NotAllowed):
            decide_on_sites(site_list=saved, decision="publish", by=person)
        client.force_login(person)
        assert client.post(reverse("site-list-decide", args=[saved.pk]), {"decision": "publish"}).status_code == 403
        assert "Publish this list" not in client.get(saved.get_absolute_url()).content.decode()
    client.force_login(editor)
    assert "Publish this list" in client.get(saved.get_absolute_url()).content.decode()
    client.post(reverse("site-list-decide", args=[saved.pk]), {"decision": "publish"})
    saved.refresh_from_db()
    assert (saved.visibility, saved.decided_by) == ("public", str(editor))
    with pytest.raises(BadInput, match=r".") as refused:
        decide_on_sites(site_list=saved, decision="withdraw", by=editor)
    assert refused.value.issues[0].code == "reason_missing"
    decide_on_sites(site_list=saved, decision="withdraw", reason="Two hubs are homes.", by=editor)
    shown = page(client, None, saved.get_absolute_url())
    assert "Two hubs are homes." in shown.content.decode()
    assert str(saved) not in page(client, None, saved.intervention.get_absolute_url()).content.decode()
    assert str(saved) not in page(client, owner[1], reverse("sites-use", args=[1])).content.decode()


def test_sites_of_a_hidden_intervention_stay_hidden_and_cannot_be_published(client, owner, editor, dataset):
    draft = make_intervention(visibility="draft", published_at=None)
    saved = save_sites(dataset=dataset, intervention=draft, by=owner[1], **STATED)
    assert page(client, owner[1], saved.get_absolute_url()).status_code == 404
    with pytest.raises(BadInput) as refused:
        decide_on_sites(site_list=saved, decision="publish", by=editor)
    assert refused.value.issues[0].code == "intervention_not_public"


def test_what_may_not_be_saved_is_refused_in_words(owner, dataset, intervention):
    _, analyst, viewer = owner
    with pytest.raises(NotAllowed):
        save_sites(dataset=dataset, intervention=intervention, by=viewer, **STATED)
    with pytest.raises(BadInput) as refused:
        save_sites(dataset=dataset, intervention=intervention, by=analyst, name=" ", source="")
    assert [issue.code for issue in refused.value.issues] == ["name_missing", "source_missing"]
    Dataset.objects.filter(pk=dataset.pk).update(is_example=True)
    dataset.refresh_from_db()
    with pytest.raises(BadInput) as refused:
        save_sites(dataset=dataset, intervention=intervention, by=analyst, **STATED)
    assert refused.value.issues[0].code == "example_stays_out"
    assert not SiteList.objects.exists()


def test_sites_of_an_evaluation_about_people_need_no_retention_date(owner, saved):
    organisation, analyst, _ = owner
    about_people = make_evaluation(owner=organisation, by=analyst, units_are_people=True, lawful_basis="public_task")
    used = use_sites(site_list=saved, evaluation=about_people, by=analyst)
    assert (used.kind, used.units_are_people) == ("sites", False)


def test_a_decision_without_a_signature_cannot_be_stored(saved):
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteList.objects.filter(pk=saved.pk).update(visibility="public", published_at="2026-01-01T00:00:00Z")


def test_the_same_by_the_api(owner, editor, dataset, intervention):
    organisation, analyst, viewer = owner
    api = APIClient()
    api.force_authenticate(analyst)
    stated = STATED | {"dataset": dataset.pk, "intervention": intervention.slug}
    made = api.post("/api/v1/sites/", stated, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["visibility"] == "draft" and made.json()["n_sites"] == 2
    listed = api.get(f"/api/v1/sites/?intervention={intervention.slug}").json()
    assert [each["id"] for each in listed["results"]] == [made.json()["id"]] and listed["count"] == 1
    whole = api.get(f"/api/v1/sites/{made.json()['id']}/").json()
    assert [site["name"] for site in whole["sites"]] == ["North", "South"]
    other = make_evaluation(owner=organisation, by=analyst)
    used = api.post(f"/api/v1/sites/{made.json()['id']}/use/", {"evaluation": other.pk}, format="json")
    assert used.status_code == 201 and used.json()["kind"] == "sites" and used.json()["state"] == "ready"
    assert api.post(f"/api/v1/sites/{made.json()['id']}/decide/", {"decision": "publish"}).status_code == 403

    api.force_authenticate(viewer)
    assert api.post("/api/v1/sites/", stated, format="json").status_code in (400, 403)
    stranger = make_user("stranger")
    api.force_authenticate(stranger)
    assert api.get("/api/v1/sites/").json()["count"] == 0
    assert api.get(f"/api/v1/sites/{made.json()['id']}/").status_code == 404
    api.force_authenticate(editor)
    decided = api.post(f"/api/v1/sites/{made.json()['id']}/decide/", {"decision": "publish"})
    assert decided.json()["visibility"] == "public"
    api.force_authenticate(stranger)
    assert api.get("/api/v1/sites/").json()["count"] == 1
    assert site_lists_visible_to(None).count() == 1
