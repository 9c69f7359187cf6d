"""What a new person tells us beyond an address and a password."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms

from evaluations.organisations.adapter import invitation_of


class InvitedSignupForm(SignupForm):
    """Sign-up by invitation: the address is the invited one."""

    full_name = forms.CharField(
        label="Full name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ("full_name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from allauth.core.context import request

        invitation = invitation_of(request) if request is not None else None
        if invitation is not None:
            self.fields["email"].initial = invitation.email
            self.fields["email"].widget.attrs["readonly"] = True
            self.fields["email"].help_text = "The address that was invited."
