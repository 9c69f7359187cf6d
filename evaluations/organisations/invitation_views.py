"""Every invitation to an organisation or a partnership, where each stands, and sending or withdrawing it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from evaluations.organisations.queries import invitations_managed_by
from evaluations.organisations.resending import resend_invitation, withdraw_invitation


@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    """The invitations of the organisations and partnerships that the viewer manages."""
    return render(request, "organisations/invitations.html", {"invitations": invitations_managed_by(request.user)})


@login_required
@require_POST
def invitation_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitation again, with a new address; the one before it opens nothing any more."""
    found = get_object_or_404(invitations_managed_by(request.user), pk=pk)
    try:
        resend_invitation(invitation=found, by=request.user, site_url=settings.SITE_URL)  # type: ignore[arg-type]
    except ValidationError as wrong:
        messages.error(request, wrong.messages[0])
    else:
        messages.success(request, f"Sent again to {found.email}. The address in the first letter no longer works.")
    return redirect("invitations")


@login_required
@require_POST
def invitation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an open invitation."""
    found = get_object_or_404(invitations_managed_by(request.user), pk=pk)
    withdraw_invitation(invitation=found, by=request.user)  # type: ignore[arg-type]
    messages.success(request, f"The invitation of {found.email} is withdrawn.")
    return redirect("invitations")
