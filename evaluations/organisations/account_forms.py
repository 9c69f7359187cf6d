"""What a person tells us about their own account: a new one, or a new API token."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms

from evaluations.organisations.adapter import invitation_of
from evaluations.organisations.tokens import LONGEST_DAYS, READ, SCOPES


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


class TokenForm(forms.Form):
    """A new API token: what it is for, what it may do and for how long."""

    name = forms.CharField(label="What is it for?", max_length=100, help_text="So that you can tell your tokens apart.")
    days = forms.IntegerField(
        label="How many days should it last?",
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=30,
        help_text=f"From 1 to {LONGEST_DAYS}.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    may_write = forms.BooleanField(label="It may change things, not only read them", required=False)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the token may do."""
        return SCOPES if self.cleaned_data["may_write"] else (READ,)
