"""The full report on a run, for those who may see its results: what was asked, done, found, checked and registered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from evaluations.organisations.permissions import Viewer
from evaluations.plans.presenters import plan_in_words
from evaluations.runs import presenters
from evaluations.runs.models import AnalysisRun
from evaluations.runs.queries import result_for
from evaluations.runs.subjects import subject_of
from evaluations.sharing.coincidences import answers_before, coincidences_of
from evaluations.sharing.presenters import about_rows
from evaluations.sharing.registered import registered_plans, reported_estimates, reported_runs
from evidence.briefs.reports import Check, DrawnPart, Report, filled
from evidence.estimates.charts import figures
from evidence.estimates.models import Standing

NOT_ANSWERED = "Not answered yet: nothing is released before it is."
DATA_FACTS = (
    ("controller", "Controller"),
    ("purpose", "Purpose of the data"),
    ("dpia_reference", "DPIA reference"),
    ("retention_date", "Kept until"),
)


def report_of_run(run: AnalysisRun, viewer: Viewer) -> Report:
    """The report on a run that is done, as this viewer may see it."""
    result, subject, evaluation = result_for(viewer, run) or {}, subject_of(run), run.evaluation
    told = presenters.answer(result, subject, run.plan.spec["estimator"])
    standing = result.get("standing") or {}
    drawn = figures(result, outcome=subject.outcome, unit=subject.unit)
    return Report(
        title=evaluation.title,
        subject=subject.intervention,
        status=_status(run),
        path=reverse("run", args=[evaluation.pk, run.pk]),
        sentence=told.sentence,
        number=told.number,
        plain=tuple(filter(None, [presenters.detectable_text(result, subject.unit)])),
        question=filled(about_rows(evaluation)),
        method=(*filled([{"key": "In short", "value": told.method}]), *filled(plan_in_words(run.plan))),
        data=filled(_data_rows(run)),
        waterfall=presenters.waterfall(result),
        estimates=presenters.estimates_table(result),
        parts=tuple(DrawnPart(figure) for figure in drawn.values()),
        standing=Standing(standing["level"]).label if standing.get("level") else "",
        reasons=tuple(standing.get("reasons", [])),
        checks=tuple(
            Check(each["title"], each["reading"], each["numbers"]) for each in presenters.diagnostic_rows(result)
        ),
        sensitivity=tuple(presenters.sensitivity_tables(result)),
        registered=tuple(_registered(run)),
        reported=tuple(_reported(run)),
        answers=tuple(_answers(run)),
        caveats=tuple(_caveats(run, result)),
        receipt=tuple(presenters.receipt_rows(run)),
    )


def _status(run: AnalysisRun) -> str:
    stage = run.evaluation.get_stage_display()
    logged = [publication for publication in run.publications.all() if publication.withdrawn_at is None]
    if run.evaluation.is_example:
        return "An example with known answers: it is no evidence on any intervention."
    if not logged:
        return f"Not released: for those who may see the results of this evaluation. Stage: {stage.lower()}."
    return f"Released as estimate {', '.join(str(each.estimate_id) for each in logged)}. Stage: {stage.lower()}."


def _data_rows(run: AnalysisRun) -> Iterable[dict[str, Any]]:
    data = run.dataset
    yield {"key": "File", "value": data.original_name}
    yield {"key": "One row is about", "value": "One person" if data.units_are_people else "A group or a place"}
    yield {"key": "Lawful basis", "value": data.get_lawful_basis_display()}
    for name, label in DATA_FACTS:
        yield {"key": label, "value": str(getattr(data, name) or "")}
    for dropped in data.columns_dropped:
        yield {"key": "Column not kept", "value": f"{dropped.get('name', '')}: {dropped.get('reason', '')}"}
    yield {"key": "Disclosure control", "value": ((run.result or {}).get("disclosure") or {}).get("policy", "")}


def _registered(run: AnalysisRun) -> Iterable[str]:
    for each in registered_plans(run.evaluation):
        when = "before any outcomes were uploaded" if each.plan.locked_before_outcomes else "after outcomes were there"
        used = " This report is of this plan." if each.plan.pk == run.plan_id else ""
        reason = "" if each.is_first else f" Reason given for departing: {each.plan.deviation_reason}"
        changes = f" {' '.join(each.departures)}" if each.departures else ""
        yield (
            f"Plan {each.plan.version}, locked by {each.plan.locked_by} on {each.plan.locked_at:%-d %B %Y}, {when} "
            f"(hash {each.plan.spec_sha256}).{used}{reason}{changes}"
        )


def _reported(run: AnalysisRun) -> Iterable[str]:
    for each in reported_runs(run.evaluation):
        yield f"Run {each.run.number} of plan {each.run.plan.version}: {each.found.rstrip('.')}. {each.where}"
    for reported in reported_estimates(run.evaluation):
        departing = [one.what.lower() for one in reported.agreements if not one.agrees]
        told = f"not as planned in {', '.join(departing)}" if departing else "as planned in every part compared"
        yield f"Estimate {reported.publication.estimate_id} against its plan: {told}."


def _answers(run: AnalysisRun) -> Iterable[dict[str, str]]:
    given = answers_before(run)
    for question in coincidences_of(run).questions:
        yield {"question": question, "answer": given.get(question, NOT_ANSWERED)}


def _caveats(run: AnalysisRun, result: dict[str, Any]) -> Iterable[str]:
    if (result.get("standing") or {}).get("level") == Standing.DOES_NOT_SUPPORT:
        yield "The design and checks do not support a causal reading: the number is a difference, not an effect."
    if not run.plan.locked_before_outcomes:
        yield "The plan was locked after outcomes had been uploaded, so the outcomes could have been seen first."
    if run.plan.other_explanations:
        yield f"What else could explain a difference, in the analyst's words: {run.plan.other_explanations}"
    if not result.get("diagnostics"):
        yield "This design with these data allows no check of its assumptions: a reason for caution, not for comfort."
    if run.plan.spec["method"] == "proximity":
        yield "This is the effect of living near, not of attending."
    for hidden in (result.get("disclosure") or {}).get("hidden", []):
        yield f"Hidden by disclosure control: {hidden.get('where', '')}"
    yield "An estimate from one place and time is not a promise for another."
