"""The page of an intervention."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evidence.briefs import presenters
from evidence.briefs.comparing import MOST_COMPARED, accounts_to_compare, comparison_table
from evidence.briefs.documents import Brief, PdfUnavailable, brief_html, brief_pdf, briefs_of
from evidence.briefs.queries import account_of
from evidence.briefs.reports import Report, report_html, report_of_estimate, report_pdf
from evidence.catalogue.linked_data import data_block
from evidence.catalogue.linked_data import of_intervention as of_public_intervention
from evidence.catalogue.queries import interventions_named
from evidence.drawing.tables import csv_text
from evidence.estimates.queries import estimate_visible_to
from evidence.ratings.queries import ratings_of_intervention
from evidence.series.charts import of_intervention
from evidence.sites.charts import map_of_list
from evidence.sites.queries import site_lists_of


def intervention(request: HttpRequest, slug: str) -> HttpResponse:
    """What is known of one intervention."""
    account = account_of(request.user, slug=slug)
    if account is None:
        raise Http404("There is no such intervention.")
    return render(
        request,
        "catalogue/intervention.html",
        {
            "crumbs": [("Interventions", reverse("interventions"))],
            "account": account,
            "intervention": account.intervention,
            "answer": presenters.short_answer(account),
            "groups": presenters.evidence_groups(account),
            "official": of_intervention(request.user, account.intervention, account.outcomes),
            "site_lists": [
                (each, map_of_list(each)) for each in site_lists_of(account.intervention, viewer=request.user)
            ],
            "facts": presenters.fact_rows(account.intervention),
            "timeline": presenters.timeline(account, this_year=timezone.localdate().year),
            "linked_data": data_block(of_public_intervention(account.intervention, account.studies)),
            "ratings": ratings_of_intervention(
                account.intervention, studies=account.studies, estimates=account.estimates
            ),
            "tags": [
                {"text": account.intervention.get_life_stage_display()},
                {"text": account.intervention.get_status_display(), "colour": "grey"},
            ],
        },
    )


def compare(request: HttpRequest) -> HttpResponse:
    """Up to five interventions side by side, and a way to add another."""
    accounts = accounts_to_compare(request.user, request.GET.getlist("intervention"))
    slugs = [account.intervention.slug for account in accounts]
    table = comparison_table(accounts, viewer=request.user) if accounts else None
    if table and request.GET.get("download") == "csv":
        return HttpResponse(
            csv_text(table),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="comparison.csv"'},
        )
    words = request.GET.get("add", "").replace("\x00", "").strip()[:100]
    context = {
        "accounts": [
            (each.intervention, [slug for slug in slugs if slug != each.intervention.slug]) for each in accounts
        ],
        "slugs": slugs,
        "table": table,
        "words": words,
        "matches": interventions_named(request.user, words).exclude(slug__in=slugs)[:10] if words else [],
        "is_full": len(accounts) >= MOST_COMPARED,
    }
    return render(request, "briefs/compare.html", context)


def brief(request: HttpRequest, slug: str) -> HttpResponse:
    """The brief on one intervention, for the screen."""
    return _brief(request, [slug], pdf_href=reverse("brief-pdf", args=[slug]))


def brief_as_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The brief on one intervention, to print and send."""
    return _brief_pdf(request, [slug], name=f"{slug}.pdf")


def short_list_brief(request: HttpRequest) -> HttpResponse:
    """One brief on up to five interventions, named in the address."""
    slugs = request.GET.getlist("intervention")
    if request.GET.get("download") == "pdf":
        return _brief_pdf(request, slugs, name="brief.pdf")
    href = reverse("short-list-brief", query=[("intervention", slug) for slug in slugs] + [("download", "pdf")])
    return _brief(request, slugs, pdf_href=href)


def _brief(request: HttpRequest, slugs: list[str], *, pdf_href: str) -> HttpResponse:
    return HttpResponse(brief_html(_briefs(request, slugs), for_print=False, pdf_href=pdf_href))


def _brief_pdf(request: HttpRequest, slugs: list[str], *, name: str) -> HttpResponse:
    found = _briefs(request, slugs)
    try:
        content = brief_pdf(found)
    except PdfUnavailable as error:
        return render(request, "briefs/no_pdf.html", {"reason": str(error), "slugs": slugs}, status=503)
    return as_pdf(content, name=name)


def as_pdf(content: bytes, *, name: str) -> HttpResponse:
    """A PDF that opens in the browser."""
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def estimate_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The full report on one estimate, from the public record."""
    report = _estimate_report(request, pk)
    return HttpResponse(report_html(report, for_print=False, pdf_href=reverse("estimate-report-pdf", args=[pk])))


def estimate_report_as_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The full report on one estimate, to print and send."""
    return report_as_pdf(request, _estimate_report(request, pk), name=f"estimate-{pk}.pdf")


def _estimate_report(request: HttpRequest, pk: int) -> Report:
    found = estimate_visible_to(request.user, pk=pk)
    if found is None:
        raise Http404("There is no such estimate.")
    return report_of_estimate(found)


def report_as_pdf(request: HttpRequest, report: Report, *, name: str) -> HttpResponse:
    """A report as PDF, or the page that says why there is none and where the same can be read."""
    try:
        content = report_pdf(report)
    except PdfUnavailable as error:
        shown = {"reason": str(error), "report": report, "page_href": request.path.removesuffix(".pdf") + "/"}
        return render(request, "briefs/no_pdf.html", shown, status=503)
    return as_pdf(content, name=name)


def _briefs(request: HttpRequest, slugs: list[str]) -> list[Brief]:
    accounts = accounts_to_compare(request.user, slugs)
    if not accounts:
        raise Http404("There is no such intervention.")
    return briefs_of(accounts, viewer=request.user)
