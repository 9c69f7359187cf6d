"""The full report on one result, to hand to a board: HTML for the screen and a tagged PDF from the same template."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from evidence.briefs.documents import pdf_of
from evidence.briefs.presenters import losers_words
from evidence.catalogue.presenters import cost_words
from evidence.drawing.figures import Figure
from evidence.drawing.tables import Cell, Column, Table, build_table
from evidence.estimates.charts import figures
from evidence.estimates.models import EffectEstimate
from evidence.estimates.plain_answers import plain_answers
from evidence.estimates.presenters import receipt_rows, sample_rows, words_for

MOST_ROWS_IN_PRINT = 30
"""Figures with more numbers than this are printed without their table; their pages have it to download."""

Row = dict


@dataclass(frozen=True)
class DrawnPart:
    """A figure of the report; `table` is its numbers where they are few enough to print."""

    figure: Figure

    @property
    def table(self) -> Table | None:
        """The numbers behind the figure, where they are few enough to print."""
        return self.figure.table if len(self.figure.table.rows) <= MOST_ROWS_IN_PRINT else None

    @property
    def source(self) -> str:
        """The figure as the address of an image that holds it, for documents that draw no inline figures."""
        return f"data:image/svg+xml;base64,{b64encode(self.figure.wide.encode()).decode()}"


@dataclass(frozen=True)
class Check:
    """One check: its title, what it can and cannot show, and its numbers."""

    title: str
    reading: str
    numbers: str = ""


@dataclass(frozen=True)
class Report:
    """A result with all that is needed to judge it. `status` says who may read it and whether it still stands."""

    title: str
    subject: str
    status: str
    path: str
    sentence: str
    number: str
    plain: tuple[str, ...]
    question: tuple[Row, ...]
    method: tuple[Row, ...]
    data: tuple[Row, ...]
    waterfall: Table | None
    estimates: Table | None
    parts: tuple[DrawnPart, ...]
    standing: str
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    sensitivity: tuple[Table, ...]
    registered: tuple[str, ...]
    reported: tuple[str, ...]
    answers: tuple[dict[str, str], ...]
    caveats: tuple[str, ...]
    receipt: tuple[Row, ...]

    @property
    def address(self) -> str:
        """The page it is made from, as an address to print."""
        return f"{settings.SITE_URL.rstrip('/')}{self.path}"


def report_html(report: Report, *, for_print: bool, pdf_href: str = "") -> str:
    """The report as a page of its own."""
    shown = {"report": report, "for_print": for_print, "pdf_href": pdf_href, "made_on": timezone.localdate()}
    return render_to_string("briefs/report.html", shown)


def report_pdf(report: Report) -> bytes:
    """The report as a tagged PDF (PDF/UA-1). Raises PdfUnavailable where its libraries are missing."""
    return pdf_of(report_html(report, for_print=True))


def filled(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows that say something."""
    return tuple(row for row in rows if row.get("value"))


def report_of_estimate(estimate: EffectEstimate) -> Report:
    """The report that the public record holds of one estimate, as its page shows it."""
    words, row = words_for(estimate), estimate.intervention
    stated = {"estimates": [{"level": estimate.level}], **estimate.series}
    drawn = figures(stated, outcome=estimate.outcome.name, unit=estimate.unit)
    rows = [each for each in sample_rows(estimate) if each["key"] not in {"Outcome", "Design", "What is estimated"}]
    return Report(
        title=str(estimate.study.title),
        subject=row.name,
        status=_status(estimate),
        path=estimate.get_absolute_url(),
        sentence=words.sentence,
        number=". ".join(part.rstrip(".") for part in (words.number, words.uncertainty) if part),
        plain=tuple(f"{each.text} {each.basis}" for each in plain_answers(estimate)),
        question=filled(
            [
                {"key": "Purpose", "value": estimate.study.statement},
                {"key": "Intervention", "value": f"{row.name}. {row.summary}"},
                {"key": "Outcome", "value": f"{estimate.outcome.name}. {estimate.outcome.definition}".strip()},
                {"key": "Cost", "value": cost_words(row)},
                {"key": "Who might lose out", "value": losers_words(row)},
            ]
        ),
        method=filled(
            [
                {"key": "Design", "value": words.design},
                {"key": "In detail", "value": estimate.design_detail},
                {"key": "What is estimated", "value": estimate.estimand},
                {"key": "Why the comparison is fair", "value": estimate.study.comparator},
            ]
        ),
        data=filled(rows),
        waterfall=_left_out(estimate.sample),
        estimates=None,
        parts=tuple(DrawnPart(figure) for figure in drawn.values()),
        standing=estimate.get_standing_display() if estimate.standing else "",
        reasons=tuple(estimate.standing_reasons),
        checks=tuple(_check(each) for each in estimate.diagnostics),
        sensitivity=(),
        registered=tuple(_registered(estimate)),
        reported=tuple(estimate.differences),
        answers=tuple(estimate.answers),
        caveats=(*words.caveats, *filter(None, [estimate.notes]), words.origin),
        receipt=tuple(receipt_rows(estimate)),
    )


def _status(estimate: EffectEstimate) -> str:
    if estimate.is_withdrawn:
        return f"Withdrawn: {estimate.withdrawn_reason} Do not use it."
    if estimate.is_superseded:
        return f"Superseded by estimate {estimate.superseded_by_id}: {estimate.superseded_reason}"
    if estimate.published_at is None:
        return "Released to named partners only: not for publication."
    return f"Public since {estimate.published_at:%-d %B %Y}. Estimates are never edited."


def _left_out(sample: dict) -> Table | None:
    rows = [
        ["Rows submitted", f"{sample['rows_read']:,}"] if sample.get("rows_read") is not None else None,
        *([f"Left out: {each['reason'].replace('_', ' ')}", f"{each['rows']:,}"] for each in sample.get("dropped", [])),
        ["Rows analysed", f"{sample['rows_used']:,}"] if sample.get("rows_used") is not None else None,
    ]
    kept: list[Sequence[Cell | str]] = [row for row in rows if row is not None]
    if not kept:
        return None
    return build_table("From rows submitted to rows analysed", ["Step", Column("Number", numeric=True)], kept)


def _check(diagnostic: dict) -> Check:
    p_value = diagnostic.get("p_value")
    title = diagnostic.get("title") or str(diagnostic.get("code", "")).replace("_", " ").capitalize()
    return Check(title, diagnostic.get("reading", ""), "" if p_value is None else f"p = {p_value:.3f}")


def _registered(estimate: EffectEstimate) -> Iterable[str]:
    if estimate.plan_locked_before_outcomes is None:
        return
    locked = "before" if estimate.plan_locked_before_outcomes else "after"
    yield f"Its plan was locked {locked} the outcomes were uploaded (hash {estimate.spec_sha256})."
    yield f"{estimate.n_plans_before} other plans and {estimate.n_runs_before} other runs of this evaluation were made."
    yield f"Stated by {estimate.analyst_name or 'an analyst'}, released by {estimate.reviewer_name}."
