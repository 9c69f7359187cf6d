"""An organisation's own page: its members, invitations, and what happened in it."""

from __future__ import annotations

import csv
import json

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from evaluations.organisations.actions import change_role, end_membership
from evaluations.organisations.invitations import invite_member, revoke_invitation
from evaluations.organisations.models import Organisation, Role
from evaluations.organisations.permissions import Permission, may, require
from evaluations.organisations.queries import audit_events_visible_to, members_of, organisations_where
from evidence.drawing.tables import inert

EVENTS_SHOWN = 30


class InviteMemberForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter an e-mail address", "invalid": "Enter an e-mail address"},
    )
    role = forms.ChoiceField(
        label="Role",
        choices=Role.choices,
        initial=Role.ANALYST,
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": "Choose a role"},
    )


def _organisation(request: HttpRequest, pk: int) -> Organisation:
    return get_object_or_404(organisations_where(request.user, Permission.SEE_ORGANISATION), pk=pk)


@login_required
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """The members of an organisation and what happened in it; an administrator invites from here."""
    found = _organisation(request, pk)
    may_manage = may(request.user, Permission.MANAGE_MEMBERS, found)
    form = InviteMemberForm(request.POST or None) if may_manage else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            invite_member(organisation=found, by=request.user, site_url=settings.SITE_URL, **form.cleaned_data)  # type: ignore[arg-type]
        except ValidationError as wrong:
            form.add_error("email", wrong.messages[0])
        else:
            messages.success(request, f"An invitation is on its way to {form.cleaned_data['email']}.")
            return redirect("organisation", pk=pk)
    open_ones = found.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    shown = {
        "organisation": found,
        "members": members_of(request.user, found),
        "invitations": open_ones if may_manage else [],
        "form": form,
        "roles": Role.choices,
        "may_manage": may_manage,
        "events": audit_events_visible_to(request.user).filter(organisation=found)[:EVENTS_SHOWN],
        "may_see_audit": may(request.user, Permission.SEE_AUDIT, found),
    }
    return render(request, "organisations/organisation.html", shown)


@login_required
@require_POST
def member_change(request: HttpRequest, pk: int, membership_pk: int) -> HttpResponse:
    """Give a member another role, or end the membership; one may always end one's own."""
    found = _organisation(request, pk)
    membership = get_object_or_404(members_of(request.user, found), pk=membership_pk)
    role = request.POST.get("role", "")
    try:
        if role == "end":
            end_membership(membership=membership, by=request.user)  # type: ignore[arg-type]
        elif role in Role.values and role != membership.role:
            change_role(membership=membership, role=Role(role), by=request.user)  # type: ignore[arg-type]
    except ValidationError as wrong:
        messages.error(request, wrong.messages[0])
    else:
        messages.success(request, f"Done for {membership.user}.")
    is_self_out = role == "end" and membership.user_id == request.user.pk
    return redirect("account") if is_self_out and membership.ended_at else redirect("organisation", pk=pk)


@login_required
@require_POST
def invitation_revoke(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """Withdraw an open invitation."""
    found = _organisation(request, pk)
    require(request.user, Permission.MANAGE_MEMBERS, found)
    revoke_invitation(invitation=get_object_or_404(found.invitations, pk=invitation_pk), by=request.user)  # type: ignore[arg-type]
    return redirect("organisation", pk=pk)


@login_required
def organisation_audit(request: HttpRequest, pk: int) -> HttpResponse:
    """Every audit event of an organisation as CSV, with the hashes that tie them together."""
    found = _organisation(request, pk)
    require(request.user, Permission.SEE_AUDIT, found)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}-audit.csv"'
    writer = csv.writer(response)
    heads = ["sequence", "at", "by", "by_id", "verb", "subject", "subject_id", "evaluation", "detail"]
    writer.writerow([*heads, "previous_sha256", "sha256"])
    events = audit_events_visible_to(request.user).filter(organisation=found).order_by("sequence")
    for event in events.iterator():
        who = [inert(str(event.by)), event.by_id] if event.by is not None else ["Uplift itself", ""]
        of = [event.subject_kind, event.subject_id, event.evaluation_id or ""]
        said = json.dumps(event.detail, sort_keys=True, ensure_ascii=False)
        hashes = [event.previous_sha256, event.sha256]
        writer.writerow([event.sequence, event.at.isoformat(), *who, event.verb, *of, said, *hashes])
    return response
