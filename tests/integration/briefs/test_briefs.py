"""Briefs: two pages, every caveat of the page, tagged PDF, and a way on where evidence is thin."""

import html

import pytest
from django.contrib.auth.models import AnonymousUser

from evidence.briefs import documents
from evidence.briefs.comparing import accounts_to_compare
from evidence.briefs.documents import PdfUnavailable, brief_html, briefs_of, laid_out
from evidence.briefs.next_evaluation import next_evaluation, people_in_each_group
from evidence.catalogue.models import Intervention, Visibility
from evidence.catalogue.signals import tell_changed

pytestmark = pytest.mark.django_db

EVERYONE = AnonymousUser()
LONGEST = ("sure-start", "apprenticeships", "future-jobs-fund", "opportunity-areas", "contextualised-admissions")


def briefs(*slugs):
    return briefs_of(accounts_to_compare(EVERYONE, list(slugs)), viewer=EVERYONE)


def test_a_brief_fits_on_two_pages(catalogue, full):
    slugs = Intervention.objects.values_list("slug", flat=True) if full else LONGEST
    too_long = {slug: n for slug in slugs if (n := len(laid_out(briefs(slug)).pages)) > 2}
    assert not too_long


def test_every_caveat_of_the_page_survives_into_the_brief(catalogue):
    for slug in Intervention.objects.values_list("slug", flat=True):
        (brief,) = briefs(slug)
        text = html.unescape(brief_html([brief], for_print=True))
        said = [brief.answer.sentence, *brief.answer.points, brief.losers, brief.cost]
        said += [note.text for note in brief.account.intervention.notes.all()]
        said += [gap.statement for gap in brief.account.gaps]
        said += [group.proxy_misses for group in brief.account.intervention.target_groups.all()]
        for group in brief.groups:
            said += [group.group.reading]
            for words in group.items:
                said += [words.sentence, words.how_sure, *words.caveats]
        assert [each for each in said if each and each not in text] == [], slug


def test_the_pdf_is_tagged_and_says_its_language(catalogue, client):
    answer = client.get("/interventions/sure-start/brief.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    document = laid_out(briefs("sure-start"))
    plain = document.write_pdf(pdf_variant="pdf/ua-1", uncompressed_pdf=True)
    assert b"/StructTreeRoot" in plain and b"/Lang" in plain and b"pdfuaid" in plain
    assert b"/evaluations/new/?intervention=" in plain


def test_no_finding_of_a_brief_is_torn_across_its_pages(catalogue):
    pages = laid_out(briefs("sure-start")).pages
    rows = [box for page in pages for box in page._page_box.descendants() if box.element_tag == "tr"]
    assert len(pages) == 2
    assert {row.style["break_inside"] for row in rows} == {"avoid"}


def test_without_the_libraries_the_site_offers_the_page_and_says_so(catalogue, client, monkeypatch):
    def missing(_, *, heading):
        raise PdfUnavailable("PDF files cannot be made here: Pango is not installed.")

    monkeypatch.setattr(documents, "laid_out", missing)
    answer = client.get("/interventions/sure-start/brief.pdf")
    assert answer.status_code == 503
    assert "/brief/?intervention=sure-start" in answer.content.decode()
    assert client.get("/interventions/sure-start/brief/").status_code == 200


def test_a_short_list_makes_one_brief(catalogue, client):
    page = client.get("/brief/?intervention=sure-start&intervention=family-hubs&intervention=nothing").content.decode()
    assert "Brief on 2 interventions" in page
    assert ">Sure Start</h2>" in page and ">Family Hubs and Start for Life</h2>" in page
    assert client.get("/brief/").status_code == 404


# Two proportions, base 50 %, 80 % power, 5 % two-sided: 2 (1.95996 + 0.84162)^2 0.25 / d^2.
@pytest.mark.parametrize(("difference", "people"), [(0.05, 1570), (0.10, 393), (0.20, 99)])
def test_the_sample_size_is_that_of_two_proportions(difference, people):
    assert people_in_each_group(difference) == people


def test_thin_evidence_gets_a_credible_design_and_strong_evidence_none(catalogue):
    accounts = {
        slug: accounts_to_compare(EVERYONE, [slug])[0] for slug in Intervention.objects.values_list("slug", flat=True)
    }
    assert next_evaluation(accounts["moving-to-opportunity"]) is None
    assert "draw by lot" in next_evaluation(accounts["youth-guarantee"]).design
    assert "records already kept" in next_evaluation(accounts["kickstart"]).design
    assert "1,570 people in each group" in next_evaluation(accounts["degree-apprenticeships"]).sizes[0]


def test_a_draft_has_no_brief_for_others(catalogue, client):
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    tell_changed(None)
    assert client.get("/interventions/sure-start/brief/").status_code == 404
    assert client.get("/interventions/sure-start/brief.pdf").status_code == 404
