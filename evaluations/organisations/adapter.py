"""How accounts work here: nobody signs up without an invitation, and whoever opened one has proved their address."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from evaluations.organisations.invitations import accept_invitation, open_invitation
from evaluations.organisations.models import Invitation, User

INVITATION_IN_SESSION = "invitation_token"


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The open invitation that this visitor came with."""
    token = request.session.get(INVITATION_IN_SESSION, "")
    return open_invitation(token) if token else None


def client_ip(request: HttpRequest) -> str | None:
    """The visitor's address as accounts see it, behind as many proxies as are trusted; None where there is none."""
    return AccountAdapter(request).get_client_ip(request) if "REMOTE_ADDR" in request.META else None


def attempted_email(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The address someone tried to sign in as, lower case, whatever the form called it."""
    posted = request.POST if request is not None else {}
    named = {**{key: posted.get(key) for key in ("username", "login")}, **(credentials or {})}
    found = next((named[key] for key in ("email", "username", "login") if named.get(key)), "")
    return str(found).strip().lower()[:254]


class AccountAdapter(DefaultAccountAdapter):
    """The accounts library's questions, answered for Uplift."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only with an open invitation."""
        return invitation_of(request) is not None

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """An invited address is proved by having opened the invitation sent to it."""
        invitation = invitation_of(request)
        invited = invitation is not None and invitation.email.lower() == email.lower()
        return invited or super().is_email_verified(request, email)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """The address is the name; nobody chooses another."""
        user.username = user.email[:150]

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """The new person, already a member of the organisation that invited them."""
        user.full_name = form.cleaned_data.get("full_name", "")
        saved = super().save_user(request, user, form, commit=commit)
        token = request.session.pop(INVITATION_IN_SESSION, "")
        if token and commit:
            self.stash_verified_email(request, saved.email)
            accept_invitation(token=token, by=saved)
        return saved

    def clean_email(self, email: str) -> str:
        """The address, refused on sign-up where it is not the invited one."""
        cleaned = super().clean_email(email)
        request = self.request
        if request is not None and request.path.startswith("/account/signup/"):
            invitation = invitation_of(request)
            if invitation is not None and invitation.email.lower() != cleaned.lower():
                raise ValidationError(f"This invitation is for {invitation.email}. Use that address.")
        return cleaned
