"""Briefs as documents: HTML for the screen and an accessible PDF from the same template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from evidence.briefs import presenters
from evidence.briefs.next_evaluation import NextEvaluation, next_evaluation, start_query
from evidence.briefs.presenters import Answer
from evidence.briefs.queries import Account
from evidence.catalogue.presenters import cost_words
from evidence.estimates.presenters import GroupedEstimates
from evidence.ratings.queries import ShownRating, ratings_of_intervention

STYLE = Path("css/brief.css")
MOST_SHOWN_IN_A_GROUP = 14


class PdfUnavailable(RuntimeError):
    """The libraries that draw PDF files are not installed here; the HTML says the same."""


@dataclass(frozen=True)
class Brief:
    """One intervention's part of a brief."""

    account: Account
    answer: Answer
    groups: tuple[GroupedEstimates, ...]
    cost: str
    parts: str
    losers: str
    ratings: tuple[ShownRating, ...]
    next: NextEvaluation | None
    address: str
    note: str = ""

    @property
    def start_href(self) -> str:
        """Where the proposed evaluation is begun, its form filled in."""
        return f"/evaluations/new/?{urlencode(start_query(self.account, self.next))}" if self.next else ""


def briefs_of(accounts: list[Account], *, viewer: Any) -> list[Brief]:
    """The parts of a brief on these interventions."""
    return [
        Brief(
            account=account,
            answer=presenters.short_answer(account),
            groups=presenters.evidence_groups(account),
            cost=cost_words(account.intervention),
            parts=presenters.parts_words(account.intervention),
            losers=presenters.losers_words(account.intervention),
            ratings=tuple(
                ratings_of_intervention(account.intervention, studies=account.studies, estimates=account.estimates)
            ),
            next=next_evaluation(account),
            address=f"{settings.SITE_URL.rstrip('/')}{account.intervention.get_absolute_url()}",
        )
        for account in accounts
    ]


def brief_html(briefs: list[Brief], *, for_print: bool, pdf_href: str = "", heading: str = "") -> str:
    """The brief as a page of its own."""
    title = heading or " and ".join(each.account.intervention.name for each in briefs[:2])
    title += f" and {len(briefs) - 2} more" if len(briefs) > 2 and not heading else ""
    return render_to_string(
        "briefs/brief.html",
        {
            "briefs": briefs,
            "title": title,
            "heading": heading,
            "for_print": for_print,
            "site": settings.SITE_URL.rstrip("/"),
            "pdf_href": pdf_href,
            "made_on": timezone.localdate(),
            "most": MOST_SHOWN_IN_A_GROUP,
            "most_slice": f":{MOST_SHOWN_IN_A_GROUP}",
        },
    )


def brief_pdf(briefs: list[Brief], *, heading: str = "") -> bytes:
    """The brief as a tagged PDF (PDF/UA-1). Raises PdfUnavailable where its libraries are missing."""
    return bytes(laid_out(briefs, heading=heading).write_pdf(pdf_variant="pdf/ua-1"))


def laid_out(briefs: list[Brief], *, heading: str = "") -> Any:
    """The brief laid out on pages. Raises PdfUnavailable where the libraries that do it are missing."""
    return pages_of(brief_html(briefs, for_print=True, heading=heading))


def pdf_of(html: str) -> bytes:
    """A document as a tagged PDF (PDF/UA-1). Raises PdfUnavailable where its libraries are missing."""
    return bytes(pages_of(html).write_pdf(pdf_variant="pdf/ua-1"))


def pages_of(html: str) -> Any:
    """A document laid out on pages. Raises PdfUnavailable where the libraries that do it are missing."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise PdfUnavailable("PDF files cannot be made here: Pango is not installed.") from error
    style = next(Path(folder) / STYLE for folder in settings.STATICFILES_DIRS if (Path(folder) / STYLE).exists())
    # Figures are written into the document; nothing else is ever fetched.
    fetcher = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    page = HTML(string=html, url_fetcher=fetcher)
    return page.render(stylesheets=[CSS(filename=str(style))], pdf_variant="pdf/ua-1")
