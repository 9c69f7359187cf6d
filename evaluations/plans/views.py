"""The pages on which a design is stated, read and locked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.organisations.permissions import Permission, may, require
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.plans.calculator import CalculatorForm
from evaluations.plans.designs import BY_ESTIMATOR, ROLES
from evaluations.plans.fewness import Counted, counted_in, suited_inference
from evaluations.plans.forms import ColumnRolesForm, DesignForm, NamedColumnsForm, ready, sites_choices, spec_of
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.option_forms import OptionsForm
from evaluations.plans.presenters import difference_text, plan_in_words
from evaluations.plans.queries import differences, plan_issues, unit_of_change
from evaluations.stats.issues import BadInput
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where
from evidence.briefs.next_evaluation import next_evaluation
from evidence.briefs.queries import account_of

WORDS = ("outcome_unit", "comparator_justification", "other_explanations", "deviation_reason")


def _evaluation(request: HttpRequest, pk: int, permission: Permission) -> Evaluation:
    """The evaluation, if the viewer may see its plans; what they may not do is then refused in words."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_PLAN), pk=pk)
    require(request.user, permission, evaluation)
    return evaluation


def _draft(evaluation: Evaluation) -> AnalysisPlan | None:
    return evaluation.plans.filter(locked_at__isnull=True).first()


def _stated(evaluation: Evaluation) -> AnalysisPlan | None:
    """The draft, or what a new draft starts from: the latest locked plan."""
    return _draft(evaluation) or evaluation.plans.first()


def _crumbs(evaluation: Evaluation, *, under_plan: bool = True) -> list[tuple[str, str]]:
    crumbs = [("Evaluations", reverse("evaluations")), (evaluation.title, reverse("evaluation", args=[evaluation.pk]))]
    return [*crumbs, ("Plan", reverse("plan", args=[evaluation.pk]))] if under_plan else crumbs


@login_required
def plan_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The plans of an evaluation in words, the newest first, with what can be done next."""
    evaluation = _evaluation(request, pk, Permission.SEE_PLAN)
    plans = list(evaluation.plans.select_related("dataset", "sites", "created_by", "locked_by", "evaluation"))
    current = plans[0] if plans else None
    shown = {
        "evaluation": evaluation,
        "crumbs": _crumbs(evaluation, under_plan=False),
        "plan": current,
        "rows": plan_in_words(current) if current else [],
        "issues": plan_issues(current) if current and not current.is_locked else [],
        "history": _history(plans),
        "may_write": may(request.user, Permission.WRITE_PLAN, evaluation),
        "may_run": may(request.user, Permission.RUN, evaluation),
        "datasets": ready(evaluation, DatasetKind.OUTCOMES),
    }
    return render(request, "plans/plan.html", shown)


def _history(plans: list[AnalysisPlan]) -> list[dict[str, Any]]:
    """Each plan with how it differs from the one locked before it."""
    pairs = zip(plans, [*plans[1:], None], strict=False)
    return [
        {
            "plan": plan,
            "changes": [difference_text(each) for each in differences(before.spec, plan.spec)] if before else [],
        }
        for plan, before in pairs
    ]


@login_required
def plan_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """The first step: which data, and what each column is."""
    evaluation = _evaluation(request, pk, Permission.WRITE_PLAN)
    stated = _stated(evaluation)
    datasets = ready(evaluation, DatasetKind.OUTCOMES)
    dataset = _chosen_dataset(request, datasets, stated)
    columns = spec_of(stated).get("columns", {})
    form: Form = (
        ColumnRolesForm(request.POST or None, dataset=dataset, stated=columns)
        if dataset
        else NamedColumnsForm(request.POST or None, stated=columns)
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["columns"]
        proposed, counted = _proposed(request, evaluation), counted_in(dataset, chosen)
        spec = _with_columns(spec_of(stated), chosen, proposed=proposed, counted=counted)
        if _saved(request, form, evaluation, stated, spec=spec, dataset=dataset):
            return redirect("plan-design", pk=pk)
    shown = {
        "evaluation": evaluation,
        "crumbs": _crumbs(evaluation),
        "form": form,
        "dataset": dataset,
        "datasets": datasets,
        "roles": ROLES.values(),
    }
    return render(request, "plans/columns.html", shown)


def _chosen_dataset(request: HttpRequest, datasets: list[Dataset], stated: AnalysisPlan | None) -> Dataset | None:
    asked = request.POST.get("dataset") or request.GET.get("dataset")
    for each in datasets:
        if asked and str(each.pk) == asked:
            return each
    if stated is not None and stated.dataset in datasets:
        return stated.dataset
    return datasets[0] if datasets else None


def _proposed(request: HttpRequest, evaluation: Evaluation) -> str:
    """The estimator that the brief on the intervention proposes, where the evidence on it is thin."""
    row = evaluation.intervention
    account = account_of(request.user, slug=row.slug) if row is not None else None
    proposed = next_evaluation(account) if account is not None else None
    return proposed.estimator if proposed is not None else "callaway_santanna"


def _with_columns(
    spec: dict[str, Any], columns: Mapping[str, Any], *, proposed: str, counted: Counted | None
) -> dict[str, Any]:
    """The design with these columns; the first time, with the estimator that suits them, else the one proposed.

    Where few units are treated, the design and inference are those that so few lead to.
    """
    if spec:
        return spec | {"columns": columns}
    located = any(role in columns for role in ("latitude", "easting", "distance_km", "postcode"))
    estimator = "ring_did" if located else "did_2x2" if "treated" in columns and "post" in columns else proposed
    options: dict[str, Any] = {}
    if estimator == proposed and counted is not None and counted.is_few:
        estimator = counted.estimator
        options = suited_inference(options, estimator, counted)
    panel = estimator != "did_2x2" or "unit" in columns
    return {
        "method": BY_ESTIMATOR[estimator].method,
        "estimator": estimator,
        "columns": columns,
        "options": {"panel": panel, **options},
    }


@login_required
def plan_design(request: HttpRequest, pk: int) -> HttpResponse:
    """The second step: which design, and why the comparison is a fair one."""
    evaluation = _evaluation(request, pk, Permission.WRITE_PLAN)
    draft = _draft(evaluation)
    if draft is None:
        return redirect("plan-columns", pk=pk)
    initial = {name: getattr(draft, name) for name in WORDS} | {"estimator": draft.spec["estimator"]}
    initial["outcome_unit"] = unit_of_change(draft)
    form = DesignForm(
        request.POST or None,
        columns=parse_spec(draft.spec).columns,
        is_departure=evaluation.plans.filter(locked_at__isnull=False).exists(),
        initial=initial,
    )
    counted = counted_in(draft.dataset, draft.spec["columns"])
    if request.method == "POST" and form.is_valid():
        estimator = form.cleaned_data["estimator"]
        spec = draft.spec | {"estimator": estimator, "method": BY_ESTIMATOR[estimator].method}
        if estimator != draft.spec["estimator"]:
            spec["options"] = suited_inference(draft.spec["options"], estimator, counted)
        words = {name: form.cleaned_data.get(name, "") for name in WORDS}
        if _saved(request, form, evaluation, draft, spec=spec, words=words):
            return redirect("plan-options", pk=pk)
    why = counted.why if counted is not None else ""
    shown = {"evaluation": evaluation, "crumbs": _crumbs(evaluation), "form": form, "why": why}
    return render(request, "plans/design.html", shown)


@login_required
def plan_options(request: HttpRequest, pk: int) -> HttpResponse:
    """The third step: the options that matter to the design."""
    evaluation = _evaluation(request, pk, Permission.WRITE_PLAN)
    draft = _draft(evaluation)
    if draft is None:
        return redirect("plan-columns", pk=pk)
    choices = sites_choices(evaluation)
    needs_sites = bool(
        draft.spec["columns"].get("distance_km") is None and not draft.spec["columns"].get("first_treated")
    )
    first = choices[1][0] if needs_sites and len(choices) > 1 else ""
    initial = {"sites": str(draft.sites_id or first)}
    form = OptionsForm(request.POST or None, spec=draft.spec, sites=choices, initial=initial)
    if request.method == "POST" and form.is_valid():
        sites = evaluation.datasets.filter(pk=form.cleaned_data.get("sites") or 0).first()
        if _saved(request, form, evaluation, draft, spec=draft.spec | form.stated(), sites=sites):
            return redirect("plan", pk=pk)
    counted = counted_in(draft.dataset, draft.spec["columns"])
    shown = {
        "evaluation": evaluation,
        "crumbs": _crumbs(evaluation),
        "form": form,
        "design": BY_ESTIMATOR[draft.spec["estimator"]],
        "why": counted.why if counted is not None else "",
    }
    return render(request, "plans/options.html", shown)


def _saved(
    request: HttpRequest,
    form: Form,
    evaluation: Evaluation,
    stated: AnalysisPlan | None,
    *,
    spec: Mapping[str, Any],
    words: Mapping[str, str] | None = None,
    **data: Dataset | None,
) -> bool:
    """Save the draft with what this step states; what it leaves out stays. Problems go on the form."""
    kept = {"dataset": stated.dataset, "sites": stated.sites} if stated else {}
    said = {name: getattr(stated, name) for name in WORDS if name != "deviation_reason"} if stated else {}
    if stated is not None and not stated.is_locked:
        said["deviation_reason"] = stated.deviation_reason
    try:
        save_draft(evaluation=evaluation, spec=spec, by=request.user, **(kept | data), **(said | dict(words or {})))  # type: ignore[arg-type]
    except BadInput as wrong:
        for issue in wrong.issues:
            form.add_error(None, f"{issue.message} {issue.hint}")
        return False
    return True


@login_required
@require_POST
def plan_lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock the draft for good."""
    evaluation = _evaluation(request, pk, Permission.LOCK_PLAN)
    draft = _draft(evaluation)
    if draft is not None:
        try:
            lock_plan(plan=draft, by=request.user)  # type: ignore[arg-type]
        except BadInput as wrong:
            for issue in wrong.issues:
                messages.error(request, f"{issue.message} {issue.hint}")
        else:
            messages.success(request, "The plan is locked. It can be run as often as you like, and never changed.")
    return redirect("plan", pk=pk)


def calculator(request: HttpRequest) -> HttpResponse:
    """What a design could detect, before there are any data. Open to everyone; the address holds the question."""
    form = CalculatorForm(request.GET or None)
    context: dict[str, Any] = {"form": form if request.GET else CalculatorForm()}
    if request.GET and form.is_valid():
        context["answer"] = form.answer()
        context["effect"] = form.cleaned_data.get("effect")
        context["power_percent"] = round(100 * form.cleaned_data["power"])
    return render(request, "plans/calculator.html", context)
