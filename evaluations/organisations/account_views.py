"""A person's own account, and the page behind an invitation."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluations.organisations.account_forms import TokenForm
from evaluations.organisations.adapter import INVITATION_IN_SESSION
from evaluations.organisations.invitations import accept_invitation, open_invitation
from evaluations.organisations.models import Role, User
from evaluations.organisations.queries import memberships_of
from evaluations.organisations.sessions import end_session
from evaluations.organisations.tokens import create_token, revoke_token, tokens_of


@require_GET
@login_required
def account_home(request: HttpRequest) -> HttpResponse:
    """What one can see and change about one's own account."""
    person = _person(request)
    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    context = {
        "person": person,
        "memberships": memberships_of(person),
        "has_app": Authenticator.Type.TOTP in kinds,
        "has_passkey": Authenticator.Type.WEBAUTHN in kinds,
        "address": EmailAddress.objects.get_primary(person),
    }
    return render(request, "account/home.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites you to what; accepting, or signing in or up in order to."""
    found = open_invitation(token)
    if found is None:
        return render(request, "account/invitation_closed.html", status=404)
    context = {"invitation": found, "role": Role(found.role).label}
    if not request.user.is_authenticated:
        request.session[INVITATION_IN_SESSION] = token
        return render(request, "account/invitation.html", context)
    if request.method == "GET":
        return render(request, "account/invitation.html", context)
    try:
        accept_invitation(token=token, by=request.user)
    except ValidationError as problem:
        return render(request, "account/invitation.html", context | {"problem": problem.messages[0]}, status=409)
    messages.success(request, f"You are now a member of {found.organisation}.")
    return redirect("/account/")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's API tokens, and making one; its key shows on this answer and never again."""
    person = _person(request)
    form = TokenForm(request.POST or None)
    key = ""
    if request.method == "POST" and form.is_valid():
        _, key = create_token(
            user=person, name=form.cleaned_data["name"], scopes=form.scopes, days=form.cleaned_data["days"], by=person
        )
        form = TokenForm()
    context = {"form": form, "key": key, "tokens": tokens_of(person), "now": timezone.now()}
    return render(request, "account/tokens.html", context)


@login_required
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens now."""
    person = _person(request)
    token = get_object_or_404(tokens_of(person), pk=pk)
    revoke_token(token=token, by=person)
    messages.success(request, f"The token “{token.name}” has ended.")
    return redirect("/account/tokens/")


@login_required
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out in one other place."""
    person = _person(request)
    end_session(session=get_object_or_404(UserSession, user=person, pk=pk), by=person)
    messages.success(request, "That session has ended.")
    return redirect("/account/sessions/")


def _person(request: HttpRequest) -> User:
    return get_object_or_404(User, email=request.user.get_username())
