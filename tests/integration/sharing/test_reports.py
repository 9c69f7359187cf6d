"""The full report on a result: everything a board needs, nothing that the reader may not see, a tagged PDF."""

import html
import re

import pytest
from django.urls import reverse

from evaluations.sharing import actions
from evaluations.sharing.report import report_of_run
from evidence.briefs.documents import pages_of
from evidence.briefs.reports import report_html, report_of_estimate
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db


def words(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_the_report_on_a_run_has_every_part(world):
    report = report_of_run(world.run, world.lead)
    text = words(report_html(report, for_print=True))
    for part in ("The answer", "What to keep in mind", "The question", "How it was answered", "The data",
                 "What was found", "Checks, and what each can and cannot show", "Receipt",
                 "What was registered, and what was reported"):  # fmt: skip
        assert part in text, part
    result = world.run.result
    assert world.evaluation.purpose in text and world.plan.comparator_justification in text
    assert world.plan.spec_sha256 in text and world.run.result_sha256 in text
    assert all(check["reading"] in text for check in result["diagnostics"])
    assert all(reason in text for reason in result["standing"]["reasons"])
    assert "Rows submitted" in text and "Effect by time since first treated" in text
    assert "Not released: for those who may see the results" in text


def test_every_caveat_of_the_estimates_page_survives_into_its_report(catalogue, client):
    from evidence.estimates.models import EffectEstimate
    from evidence.estimates.presenters import words_for

    for estimate in EffectEstimate.objects.select_related("intervention", "study", "outcome", "source"):
        told = words(report_html(report_of_estimate(estimate), for_print=True))
        said = words_for(estimate)
        missing = [each for each in (said.sentence, *said.caveats, estimate.notes) if words(each) not in told]
        assert missing == [], estimate.pk


def test_the_pdf_is_tagged_has_a_language_and_describes_its_figures(world):
    document = pages_of(report_html(report_of_run(world.run, world.lead), for_print=True))
    plain = document.write_pdf(pdf_variant="pdf/ua-1", uncompressed_pdf=True)
    assert b"/StructTreeRoot" in plain and b"/Lang" in plain and b"pdfuaid" in plain and b"/Alt" in plain
    assert 2 <= len(document.pages) <= 12


def test_a_released_estimate_has_the_report_on_the_public_record(world, client):
    review = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst)
    estimate = actions.release(review=review, by=world.lead)[0].estimate
    page = client.get(reverse("estimate-report", args=[estimate.pk]))
    text = words(page.content.decode())
    assert page.status_code == 200 and "Public since" in text and estimate.data_sha256 in text
    assert "Effect by time since first treated" in text and "Its plan was locked" in text
    pdf = client.get(reverse("estimate-report-pdf", args=[estimate.pk]))
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF-")
    actions.withdraw_publication(publication=estimate.publication, reason="A file was wrong.", by=world.lead)
    assert "A file was wrong. Do not use it." in words(
        client.get(reverse("estimate-report", args=[estimate.pk])).content.decode()
    )


def test_a_stranger_gets_no_report(world, client):
    address = reverse("run-report", args=[world.evaluation.pk, world.run.pk])
    client.force_login(make_user("Stranger"))
    assert client.get(address).status_code == 404
    assert client.get(address.rstrip("/") + ".pdf").status_code == 404
    review = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst, release_to="named_partners")
    estimate = actions.release(review=review, by=world.lead)[0].estimate
    assert client.get(reverse("estimate-report", args=[estimate.pk])).status_code == 404
    client.force_login(world.analyst)
    assert client.get(address).status_code == 200
    assert "not for publication" in client.get(reverse("estimate-report", args=[estimate.pk])).content.decode()
