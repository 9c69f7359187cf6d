"""Partnerships: a list, a home page for each, and how one is made, joined, left and ended."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evaluations.organisations.models import Organisation, Partnership
from evaluations.organisations.partnerships import (
    Agreement,
    create_partnership,
    invite_partner,
    join_partnership,
    open_partnership_invitation,
)
from evaluations.organisations.permissions import Permission, may, require
from evaluations.organisations.queries import organisations_where, partnerships_of
from evaluations.sharing.actions.partnerships import dissolve_partnership, leave_partnership
from evaluations.sharing.partnership_forms import InviteForm, JoinForm, PartnershipForm
from evaluations.sharing.queries import open_requests, reviews_where, what_changed
from evaluations.workspaces.queries import evaluations_where

CHANGES_SHOWN = 15


@login_required
def partnership_list(request: HttpRequest) -> HttpResponse:
    """The partnerships that an organisation of the viewer is part of."""
    may_create = organisations_where(request.user, Permission.CREATE_PARTNERSHIP).exists()
    shown = {"partnerships": partnerships_of(request.user), "may_create": may_create}
    return render(request, "partnerships/list.html", shown)


@login_required
def partnership_new(request: HttpRequest) -> HttpResponse:
    """The form for a new partnership."""
    form = PartnershipForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        partnership = create_partnership(
            name=said["name"],
            agreement=Agreement(said["purpose"], said["basis"], said["starts_on"], said["ends_on"]),
            lead=said["lead"],
            interventions=said["interventions"],
            places=said["places"],
            by=request.user,  # type: ignore[arg-type]
        )
        return redirect("partnership", pk=partnership.pk)
    crumbs = [("Partnerships", reverse("partnerships"))]
    return render(request, "partnerships/form.html", {"form": form, "crumbs": crumbs, "heading": "New partnership"})


def _partnership(request: HttpRequest, pk: int) -> Partnership:
    return get_object_or_404(partnerships_of(request.user), pk=pk)


@login_required
def partnership_home(request: HttpRequest, pk: int) -> HttpResponse:
    """A partnership: who is in it, its evaluations, what waits for whom and what changed."""
    partnership = _partnership(request, pk)
    evaluations = evaluations_where(request.user).filter(partnership=partnership)
    spells = partnership.member_spells.select_related("organisation")
    current = spells.filter(left_at__isnull=True)
    may_manage = may(request.user, Permission.MANAGE_PARTNERSHIP, partnership)
    leavers = organisations_where(request.user, Permission.LEAVE_PARTNERSHIP)
    shown = {
        "partnership": partnership,
        "crumbs": [("Partnerships", reverse("partnerships"))],
        "members": current if partnership.dissolved_at is None else spells.filter(left_at=partnership.dissolved_at),
        "evaluations": evaluations.select_related("intervention", "outcome"),
        "reviews": reviews_where(request.user).filter(run__evaluation__in=evaluations, state="requested"),
        "requests": open_requests(request.user).filter(evaluation__in=evaluations),
        "changes": what_changed(request.user, evaluations)[:CHANGES_SHOWN],
        "invitations": partnership.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True)
        if may_manage
        else [],
        "invite_form": InviteForm(partnership=partnership) if may_manage and not partnership.dissolved_at else None,
        "may_leave": leavers.filter(pk__in=current.values("organisation_id")),
        "may_manage": may_manage and partnership.dissolved_at is None,
    }
    return render(request, "partnerships/home.html", shown)


@login_required
@require_POST
def partnership_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite someone to bring their organisation in."""
    partnership = _partnership(request, pk)
    require(request.user, Permission.MANAGE_PARTNERSHIP, partnership)
    form = InviteForm(request.POST, partnership=partnership)
    if form.is_valid():
        try:
            invite_partner(partnership=partnership, by=request.user, site_url=settings.SITE_URL, **form.cleaned_data)  # type: ignore[arg-type]
        except ValidationError as wrong:
            _put_on(form, wrong)
        else:
            messages.success(request, f"An invitation is on its way to {form.cleaned_data['email']}.")
            return redirect("partnership", pk=pk)
    crumbs = [("Partnerships", reverse("partnerships")), (partnership.name, reverse("partnership", args=[pk]))]
    return render(request, "partnerships/form.html", {"form": form, "crumbs": crumbs, "heading": "Invite a partner"})


def _put_on(form: Form, wrong: ValidationError) -> None:
    for message in wrong.messages:
        form.add_error(None, message)


@login_required
def partnership_join(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation is to, and accepting it for an organisation one leads."""
    invitation = open_partnership_invitation(token)
    if invitation is None:
        return render(request, "partnerships/closed.html", status=404)
    form = JoinForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            spell = join_partnership(token=token, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except ValidationError as wrong:
            _put_on(form, wrong)
        else:
            messages.success(request, f"{spell.organisation} is now in the partnership.")
            return redirect("partnership", pk=spell.partnership_id)
    return render(request, "partnerships/join.html", {"form": form, "invitation": invitation})


@login_required
def partnership_leave(request: HttpRequest, pk: int, organisation_pk: int) -> HttpResponse:
    """What leaving means, and leaving."""
    partnership = _partnership(request, pk)
    mine = organisations_where(request.user, Permission.LEAVE_PARTNERSHIP)
    organisation: Organisation = get_object_or_404(mine, pk=organisation_pk)
    problem = ""
    if request.method == "POST":
        try:
            leave_partnership(partnership=partnership, organisation=organisation, by=request.user)  # type: ignore[arg-type]
        except ValidationError as wrong:
            problem = wrong.messages[0]
        else:
            messages.success(request, f"{organisation} has left {partnership}.")
            return redirect("partnerships")
    shown = {"partnership": partnership, "heading": f"{organisation} leaves {partnership}", "problem": problem}
    return render(request, "partnerships/part.html", shown)


@login_required
def partnership_dissolve(request: HttpRequest, pk: int) -> HttpResponse:
    """What dissolving means, and dissolving."""
    partnership = _partnership(request, pk)
    if request.method == "POST":
        dissolve_partnership(partnership=partnership, by=request.user)  # type: ignore[arg-type]
        messages.success(request, f"{partnership} is dissolved.")
        return redirect("partnership", pk=pk)
    return render(request, "partnerships/part.html", {"partnership": partnership, "heading": f"Dissolve {partnership}"})
