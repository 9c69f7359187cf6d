"""Components, successions, outcomes, target groups and sources are edited as interventions and studies are."""

import re

import pytest
from model_bakery import baker

from evaluations.editing.actions.deciding import publish_change
from evaluations.editing.actions.proposing import (
    propose_edit,
    propose_merge,
    propose_new,
    propose_removal,
    propose_unmerge,
)
from evaluations.editing.records import values_of
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import InterventionComponent, Outcome, Source, Succession, TargetGroup
from tests.workspace_records import make_intervention

pytestmark = pytest.mark.django_db
WHY = "The report of 2026 says so."


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.fixture
def publish(editor, second):
    """Proposes as one editor and publishes as the other."""

    def published(propose, **what):
        return publish_change(change=propose(reason=WHY, by=editor, **what), by=second)

    return published


@pytest.fixture
def opened(client, editor):
    client.force_login(editor)
    return client


def test_a_component_is_added_changed_and_removed_and_the_log_says_each(client, hubs, publish, opened):
    answer = opened.post(
        "/editing/components/new/?intervention=hubs",
        {"component": "mentoring", "dose": "Weekly", "staff": "Volunteers", "variant": "Only in Leeds", "reason": WHY},
    )
    assert answer.status_code == 302, answer.content.decode()
    assert "Weekly" not in page(client, "/interventions/hubs/")
    values = {"intervention": "hubs", "component": "mentoring", "dose": "Weekly", "staff": "", "variant": "in Leeds"}
    publish(propose_new, kind="component", values=values)
    assert "Mentoring (Weekly), in Leeds" in page(client, "/interventions/hubs/")
    row = InterventionComponent.objects.get()
    publish(propose_edit, kind="component", row=row, values=values_of("component", row) | {"dose": "Daily"})
    assert "Mentoring (Daily)" in page(client, "/interventions/hubs/")
    row.refresh_from_db()
    publish(propose_removal, kind="component", row=row)
    assert "Mentoring" not in page(client, "/interventions/hubs/")
    log = page(client, "/interventions/hubs/changes/")
    for said in ("New component: Mentoring", "Remove the component “Mentoring”", "Weekly", "Daily", WHY):
        assert said in log
    assert [each.history_type for each in InterventionComponent.history.order_by("history_id")] == ["+", "~", "-"]


def test_a_component_is_found_by_its_filter_once_it_is_published_and_not_before(client, hubs, editor, second):
    values = {"intervention": "hubs", "component": "housing", "dose": "", "staff": "", "variant": ""}
    change = propose_new(kind="component", values=values, reason=WHY, by=editor)
    assert "Hubs" not in page(client, "/interventions/?component=housing")
    publish_change(change=change, by=second)
    assert "Hubs" in page(client, "/interventions/?component=housing")


def test_a_succession_stands_on_both_pages_and_in_both_logs(client, hubs, publish):
    make_intervention(name="Centres", code="centres", slug="centres", country="England")
    publish(propose_new, kind="succession", values={"earlier": "centres", "later": "hubs", "note": "", "source": None})
    for slug, other in (("hubs", "Centres"), ("centres", "Hubs")):
        assert other in page(client, f"/interventions/{slug}/")
        assert "New succession: Centres, then Hubs" in page(client, f"/interventions/{slug}/changes/")
    row = Succession.objects.get()
    publish(propose_edit, kind="succession", row=row, values=values_of("succession", row) | {"note": "Funding moved."})
    row.refresh_from_db()
    publish(propose_removal, kind="succession", row=row)
    assert not Succession.objects.exists()
    assert "Remove the succession" in page(client, "/interventions/centres/changes/")


def test_nothing_takes_its_own_place(hubs, opened):
    answer = opened.post("/editing/successions/new/", {"earlier": "hubs", "later": "Hubs", "note": "", "reason": WHY})
    assert "Nothing takes its own place. Name two interventions." in answer.content.decode()


def test_an_outcome_is_edited_and_every_page_that_names_it_and_the_search_follow(client, study, log, outcome, publish):
    log(study)
    values = values_of("outcome", outcome) | {"name": "Zest at work", "mobility": ["absolute", "income"]}
    publish(propose_edit, kind="outcome", row=outcome, values=values)
    assert "Zest at work" in page(client, "/estimates/?search=zest")
    assert "Zest at work" in page(client, "/estimates/?mobility=income")
    log_page = page(client, f"/outcomes/{outcome.slug}/changes/")
    assert "Absolute; Income" in log_page
    assert WHY in log_page


def test_a_new_outcome_and_a_new_target_group_get_an_address_and_a_log(client, publish, opened):
    form = page(opened, "/editing/outcomes/new/")
    assert 'type="checkbox"' in form
    blank = {"stage": "", "unit": "%", "scale": "share", "official_code": "", "notes": "", "sources": []}
    values = blank | {"name": "Tenure of housing", "domain": "housing", "direction": "higher", "horizon": "long_term"}
    publish(propose_new, kind="outcome", values=values | {"definition": "Who owns.", "mobility": ["absolute"]})
    made = Outcome.objects.get(slug="tenure-of-housing")
    assert "Who owns." in page(client, made.get_absolute_url())
    assert "New outcome: Tenure of housing" in page(client, f"{made.get_absolute_url()}changes/")
    answer = opened.post(
        "/editing/target-groups/new/",
        {"name": "Young carers", "age_from": "18", "age_to": "11", "is_person_targeted": "True", "reason": WHY},
    )
    assert "The ages run from 18 down to 11." in answer.content.decode()
    values = {
        "name": "Young carers",
        "age_from": 11,
        "age_to": 18,
        "equality_groups": ["care"],
        "is_person_targeted": True,
    }
    publish(propose_new, kind="target_group", values=values)
    group = TargetGroup.objects.get(slug="young-carers")
    assert "The page begins" in page(client, f"{group.get_absolute_url()}changes/")
    assert "Propose a change" in page(opened, group.get_absolute_url())


def test_a_merged_source_leaves_the_lists_its_address_leads_on_and_estimates_keep_it(
    client, hubs, study, log, source, publish
):
    twin = baker.make("evidence.Source", title="A report", code="report-2")
    hubs.sources.add(twin)
    estimate = log(study)
    merge = publish(propose_merge, kind="source", duplicate=source, kept=twin)
    study.refresh_from_db()
    assert (study.source, list(hubs.sources.all())) == (twin, [twin])
    estimate.refresh_from_db()
    assert (estimate.source, estimate.superseded_by) == (source, None)
    assert client.get("/api/v1/sources/report-1/")["Location"] == "/api/v1/sources/report-2/"
    assert [each["code"] for each in client.get("/api/v1/sources/").json()["results"]] == ["report-2"]
    assert "ID  - report-2" in page(client, "/estimates/?download=ris")
    publish(propose_unmerge, merge=merge)
    study.refresh_from_db()
    assert (study.source, Source.objects.filter(merged_into=None).count()) == (source, 2)


def test_only_what_is_filed_under_an_intervention_can_be_removed(outcome, opened, editor):
    with pytest.raises(CatalogueRefused, match="never removed"):
        propose_removal(kind="outcome", row=outcome, reason=WHY, by=editor)
    assert opened.get(f"/editing/outcomes/{outcome.pk}/remove/").status_code == 404


def test_the_page_of_an_intervention_leads_its_editor_to_everything_filed_under_it(hubs, publish, opened):
    values = {"intervention": "hubs", "component": "cash", "dose": "", "staff": "", "variant": ""}
    publish(propose_new, kind="component", values=values)
    row = InterventionComponent.objects.get()
    form = page(opened, f"/editing/interventions/{hubs.pk}/")
    assert re.findall(r'href="([^"]+)" aria-current', form) == ["/editing/"]
    for href in (
        f"/editing/components/{row.pk}/",
        "/editing/successions/new/?later=hubs",
        "/editing/studies/new/?intervention=hubs",
    ):
        assert href in form
    assert f"/editing/components/{row.pk}/remove/" in page(opened, f"/editing/components/{row.pk}/")
    answer = opened.post(f"/editing/components/{row.pk}/remove/", {"reason": WHY})
    assert answer.status_code == 302
    assert 'value="Hubs"' in page(opened, "/editing/successions/new/?later=hubs")
