"""Naming partners, and moving an evaluation from stage to stage with what that means shown first."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evaluations.organisations.addresses import is_row_number
from evaluations.organisations.models import Organisation
from evaluations.organisations.permissions import Permission, require
from evaluations.organisations.queries import organisations_where, partnerships_of
from evaluations.sharing import actions
from evaluations.sharing.actions.partnerships import put_in_partnership
from evaluations.sharing.actions.stages import NEXT_STAGES
from evaluations.sharing.forms import ShareForm, StageForm, WithdrawForm
from evaluations.sharing.presenters import MOVES, crumbs_to
from evaluations.sharing.visibility import becomes_visible
from evaluations.stats.issues import BadInput
from evaluations.workspaces.models import Evaluation, Stage
from evaluations.workspaces.queries import evaluations_where


def _to_share(request: HttpRequest, pk: int, permission: Permission = Permission.SHARE) -> Evaluation:
    found = evaluations_where(request.user, Permission.SEE_RESULTS)
    evaluation = get_object_or_404(found, pk=pk)
    require(request.user, permission, evaluation)
    return evaluation


@login_required
@require_POST
def partner_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Name a partner organisation and what it is given."""
    evaluation = _to_share(request, pk)
    form = ShareForm(request.POST, evaluation=evaluation)
    if form.is_valid():
        actions.share_with(evaluation=evaluation, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        name = form.cleaned_data["organisation"].name
        messages.success(request, f"{name} is named as a partner.")
        return redirect("sharing", pk=pk)
    shown = {"form": form, "evaluation": evaluation, "crumbs": crumbs_to(evaluation)}
    return render(request, "sharing/partner.html", shown)


@login_required
@require_POST
def partner_end(request: HttpRequest, pk: int, organisation_pk: int) -> HttpResponse:
    """End what a partner is given."""
    evaluation = _to_share(request, pk)
    organisation = get_object_or_404(Organisation, pk=organisation_pk, shares__evaluation=evaluation)
    actions.stop_sharing_with(evaluation=evaluation, organisation=organisation, by=request.user)  # type: ignore[arg-type]
    messages.info(request, f"{organisation} is no longer given anything of this evaluation.")
    return redirect("sharing", pk=pk)


@login_required
def stage(request: HttpRequest, pk: int, to_stage: str) -> HttpResponse:
    """What a stage would make visible to whom, and the decision to move there."""
    evaluation = _to_share(request, pk)
    if to_stage not in [each.value for each in NEXT_STAGES[Stage(evaluation.stage)]]:
        raise Http404
    form = StageForm(request.POST or None, to_stage=Stage(to_stage))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_stage(
                evaluation=evaluation,
                to_stage=Stage(to_stage),
                by=request.user,  # type: ignore[arg-type]
                **form.cleaned_data,
            )
        except BadInput as wrong:
            for issue in wrong.issues:
                form.add_error(issue.column if issue.column in form.fields else None, f"{issue.message} {issue.hint}")
        else:
            messages.success(request, f"Done: {Stage(to_stage).label.lower()}.")
            return redirect("sharing", pk=pk)
    shown = {
        "form": form,
        "evaluation": evaluation,
        "heading": MOVES[Stage(to_stage)],
        "visible": becomes_visible(evaluation, Stage(to_stage), None),
        "crumbs": [*crumbs_to(evaluation), ("Sharing", reverse("sharing", args=[pk]))],
    }
    return render(request, "sharing/stage.html", shown)


@login_required
@require_POST
def evaluation_partnership(request: HttpRequest, pk: int) -> HttpResponse:
    """Place the evaluation in a partnership of its owner's, or in none."""
    evaluation = _to_share(request, pk)
    chosen = request.POST.get("partnership", "")
    partnership = partnerships_of(request.user).filter(pk=chosen).first() if is_row_number(chosen) else None
    try:
        put_in_partnership(evaluation=evaluation, partnership=partnership, by=request.user)  # type: ignore[arg-type]
    except ValidationError as wrong:
        messages.error(request, wrong.messages[0])
    else:
        said = f"It is now part of {partnership}." if partnership else "It is now in no partnership."
        messages.success(request, said)
    return redirect("sharing", pk=pk)


@login_required
@require_POST
def evaluation_transfer(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the evaluation to another organisation in which one may own one."""
    evaluation = _to_share(request, pk, Permission.TRANSFER)
    own = organisations_where(request.user, Permission.CREATE_EVALUATION).exclude(pk=evaluation.owner_id)
    chosen = request.POST.get("organisation", "")
    organisation = own.filter(pk=chosen).first() if is_row_number(chosen) else None
    if organisation is None:
        messages.error(request, "Choose the organisation that is to own it. You must be an analyst or more there.")
        return redirect("sharing", pk=pk)
    actions.transfer(evaluation=evaluation, to=organisation, by=request.user)  # type: ignore[arg-type]
    messages.success(request, f"{organisation} owns it now, with its data, plans, runs and record.")
    return redirect("evaluation", pk=pk)


@login_required
def withdraw_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw the evaluation and every estimate of it, saying why."""
    evaluation = _to_share(request, pk, Permission.WITHDRAW)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw_evaluation(evaluation=evaluation, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except BadInput as wrong:
            for issue in wrong.issues:
                form.add_error(None, f"{issue.message} {issue.hint}")
        else:
            messages.success(request, "The evaluation is withdrawn. Its estimates keep their pages, which say why.")
            return redirect("sharing", pk=pk)
    shown = {"form": form, "evaluation": evaluation, "crumbs": crumbs_to(evaluation)}
    return render(request, "sharing/withdraw_all.html", shown)
