"""Lists as files, feeds and the whole catalogue: nothing private, nothing that looks like an effect and is not."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pyarrow.parquet as pq
import pytest

from evidence.catalogue.models import Intervention, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import withdraw_estimate
from evidence.estimates.models import EffectEstimate
from evidence.search.columns import COLUMNS

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_a_list_downloads_as_it_is_filtered_and_ordered(client, catalogue):
    rows = rows_of(client.get("/estimates/?search=working+well&estimate_kind=descriptive&download=csv"))
    assert {row["estimate_kind"] for row in rows} == {"descriptive"}
    assert {row["is_effect"] for row in rows} == {"no"}
    answer = json.loads(client.get("/estimates/?search=working+well&estimate_kind=descriptive&download=json").content)
    assert [each["code"] for each in answer["results"]] == [row["code"] for row in rows]


def test_empty_is_not_zero_in_a_download(client, catalogue):
    rows = rows_of(client.get("/estimates/?estimate_kind=null&download=csv"))
    assert {row["value"] for row in rows} == {""}


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(client, catalogue):
    Intervention.objects.filter(slug="sure-start").update(summary='=HYPERLINK("http://x")')
    row = next(r for r in rows_of(client.get("/interventions/?download=csv")) if r["slug"] == "sure-start")
    assert row["summary"].startswith("'=")


def test_publications_come_as_ris_and_bibtex(client, catalogue):
    ris = client.get("/interventions/?search=moving+opportunity&download=ris").content.decode()
    assert "TY  - RPRT" in ris and "AU  - Chetty R" in ris and "PY  - 2016" in ris and "ER  - " in ris
    bib = client.get("/studies/?search=moving+opportunity&download=bibtex").content.decode()
    assert "@techreport{S-MTO-CHK16," in bib and "author = {Chetty R and Hendren N and Katz L}" in bib


def test_every_column_of_every_file_is_in_the_dictionary(client, catalogue):
    told = {(row["file"], row["column"]) for row in rows_of(client.get("/data/dictionary.csv"))}
    for kind, name in (("intervention", "interventions"), ("study", "studies"), ("estimate", "estimates")):
        rows = rows_of(client.get(f"/data/{name}.csv"))
        assert {(kind, column) for column in rows[0]} == {each for each in told if each[0] == kind}
        assert {column.name for column in COLUMNS[kind]} == set(rows[0])


def test_parquet_holds_the_same_rows_with_their_meanings(client, catalogue):
    table = pq.read_table(io.BytesIO(client.get("/data/estimates.parquet").content))
    assert table.num_rows == 92
    assert table.schema.field("value").metadata[b"description"].startswith(b"The number")
    assert sum(value is not None for value in table["std_error"].to_pylist()) == 4


def test_drafts_and_withdrawn_estimates_are_in_no_file_or_feed(client, catalogue, django_user_model):
    person = django_user_model.objects.create_user(username="a", email="a@example.org", password="x", is_staff=True)
    withdraw_estimate(estimate=EffectEstimate.objects.get(code="E-MTO-01"), reason="Test.", by=person)
    row = Intervention.objects.get(slug="sure-start")
    Intervention.objects.filter(pk=row.pk).update(visibility=Visibility.DRAFT)
    tell_changed([row.pk])
    client.force_login(person)
    for address in ("/data/estimates.csv", "/data/interventions.csv", "/data/studies.csv", "/estimates/feed/"):
        text = client.get(address).content.decode()
        assert "sure-start" not in text and "Sure Start" not in text and "E-MTO-01" not in text, address


def test_any_search_is_a_feed_that_says_what_each_figure_is(client, catalogue):
    feed = ET.fromstring(client.get("/estimates/feed/?search=working+well").content)
    entries = feed.findall(f"{ATOM}entry")
    said = [entry.find(f"{ATOM}summary").text for entry in entries]
    assert any(text.startswith("Raw rate, not an effect") for text in said)
    assert all(entry.find(f"{ATOM}link").get("href").startswith("http") for entry in entries)


def test_up_to_five_are_compared_and_the_page_stands_without_any(client, catalogue):
    assert client.get("/compare/").status_code == 200
    slugs = list(Intervention.objects.values_list("slug", flat=True)[:7])
    page = client.get("/compare/?" + "&".join(f"intervention={slug}" for slug in [*slugs, "nothing"])).content.decode()
    assert "Five are as many as fit" in page
    names = Intervention.objects.filter(slug__in=slugs[:5]).values_list("name", flat=True)
    assert all(name in page for name in names)
    rows = rows_of(client.get("/compare/?intervention=moving-to-opportunity&intervention=its-childs-play&download=csv"))
    facts = {row["Fact"]: (row["Moving to Opportunity (United States)"], row["It's Child's Play"]) for row in rows}
    assert facts["With an interval"] == ("4 of 4", "")
    assert facts["Directions (not a synthesis)"] == ("2 better, 1 worse, 1 open", "")
    assert facts["Never evaluated"][1]


def test_a_feed_is_readable_whatever_was_typed_or_stored(client, catalogue):
    Intervention.objects.filter(slug="sure-start").update(name="Sure\x0b Start", summary="One\x08 stop.")
    answer = client.get("/interventions/feed/?search=sure%08+start&%00=%1f")
    assert answer.status_code == 200
    titles = [each.text for each in ET.fromstring(answer.content).iter(f"{ATOM}title")]
    assert (titles[0], "Sure Start" in titles) == ("Uplift: Interventions for “sure start”", True)
