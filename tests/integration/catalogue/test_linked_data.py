"""What pages say to machines: schema.org in JSON-LD, sitemaps in parts; nothing that is not public."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from evidence.catalogue.linked_data import data_block
from evidence.catalogue.models import Intervention, Study, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import withdraw_estimate
from evidence.estimates.models import EffectEstimate

pytestmark = pytest.mark.django_db
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def described(client, address):
    """The JSON-LD of a page; None where it has none."""
    page = client.get(address)
    assert page.status_code == 200, address
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.content.decode(), flags=re.S)
    assert len(found) <= 1
    return json.loads(found[0]) if found else None


@pytest.fixture
def editor(django_user_model):
    return django_user_model.objects.create_user(username="e", email="e@example.org", password="x", is_staff=True)


def test_an_intervention_a_study_an_estimate_and_the_data_set_describe_themselves(catalogue, client):
    row = Intervention.objects.get(slug="moving-to-opportunity")
    service = described(client, row.get_absolute_url())
    assert service["@context"] == "https://schema.org" and service["@type"] == "Service"
    assert service["@id"].startswith("http") and service["@id"].endswith(row.get_absolute_url())
    study = row.studies.get(code="ST-MTO-CHK16") if row.studies.filter(code="ST-MTO-CHK16") else row.studies.first()
    report = described(client, study.get_absolute_url())
    assert (report["@type"], report["about"]["@id"]) == ("Report", service["@id"])
    estimate = EffectEstimate.objects.get(code="E-MTO-01")
    observation = described(client, estimate.get_absolute_url())
    assert (observation["@type"], observation["value"]) == ("Observation", estimate.value)
    data = described(client, "/data/")
    assert {each["encodingFormat"] for each in data["distribution"]} == {"text/csv", "application/vnd.apache.parquet"}
    assert all(
        client.get("/" + each["contentUrl"].split("/", 3)[3]).status_code == 200 for each in data["distribution"]
    )


def test_a_raw_rate_is_described_as_one(catalogue, client):
    row = EffectEstimate.objects.get(code="E-WW-01")
    assert described(client, row.get_absolute_url())["description"].startswith(row.get_estimate_kind_display())


def test_drafts_withdrawn_estimates_and_gaps_are_not_described_even_to_those_who_may_see_them(
    catalogue, client, editor
):
    client.force_login(editor)
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    row = Intervention.objects.get(slug="sure-start")
    tell_changed([row.pk])
    assert described(client, row.get_absolute_url()) is None
    assert described(client, row.studies.first().get_absolute_url()) is None
    assert described(client, row.estimates.first().get_absolute_url()) is None
    estimate = EffectEstimate.objects.get(code="E-MTO-01")
    withdraw_estimate(estimate=estimate, reason="Test.", by=editor)
    assert described(client, estimate.get_absolute_url()) is None
    gap = Study.objects.filter(status="never_evaluated").first()
    assert described(client, gap.get_absolute_url()) is None


def test_a_draft_study_is_not_named_by_its_public_intervention(catalogue, client, editor):
    study = Intervention.objects.get(slug="moving-to-opportunity").studies.first()
    Study.objects.filter(pk=study.pk).update(visibility=Visibility.DRAFT)
    client.force_login(editor)
    named = described(client, study.intervention.get_absolute_url()).get("subjectOf", [])
    assert study.title not in {each["name"] for each in named}


def test_a_name_cannot_end_the_block():
    block = data_block({"name": "</script><script>alert(1)</script> & co"})
    assert block.count("<") == 2 and json.loads(block[block.index("{") : block.rindex("}") + 1])["name"].startswith(
        "</"
    )


def test_the_sitemap_is_in_parts_that_name_every_public_page_and_no_other(catalogue, client, editor):
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    tell_changed([Intervention.objects.get(slug="sure-start").pk])
    parts = [each.text for each in ET.fromstring(client.get("/sitemap.xml").content).iter(f"{SITEMAP}loc")]
    assert len(parts) == 7
    pages = set()
    for part in parts:
        answer = client.get("/" + part.split("/", 3)[3])
        pages |= {each.text.split("/", 3)[3] for each in ET.fromstring(answer.content).iter(f"{SITEMAP}loc")}
    assert "interventions/moving-to-opportunity/" in pages and "data/" in pages
    assert not any("sure-start" in page for page in pages)
    assert len([page for page in pages if page.startswith("interventions/")]) == (
        Intervention.objects.filter(visibility=Visibility.PUBLIC).count() + 1
    )
