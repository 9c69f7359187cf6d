"""What is said when a release is asked for, and when it is decided."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Layout, Size
from django import forms
from django.utils import timezone

from evaluations.organisations.models import User
from evaluations.runs.models import AnalysisRun
from evaluations.sharing.models import ReleaseTo
from evaluations.sharing.presenters import estimands
from evaluations.sharing.queries import possible_reviewers


class ReleaseRequestForm(forms.Form):
    """Who should review, which estimates, and who will see them."""

    reviewer = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Who should check it and release it?",
        help_text="A lead or administrator who did not state the plan or run it.",
        empty_label="Choose a reviewer",
        error_messages={"required": "Choose a reviewer"},
    )
    terms = forms.MultipleChoiceField(
        label="Which estimates?",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="The headline always goes with them.",
    )
    release_to = forms.ChoiceField(
        label="Who will see it once released?",
        choices=ReleaseTo.choices,
        widget=forms.RadioSelect,
        initial=ReleaseTo.PUBLIC,
        error_messages={"required": "Choose who will see it"},
    )
    embargo_until = forms.DateField(
        label="If embargoed: everyone from",
        required=False,
        help_text="For example 2027-03-31.",
        widget=forms.DateInput(attrs={"type": "date", "class": "govuk-input govuk-input--width-10"}),
        error_messages={"invalid": "Enter a date such as 2027-03-31"},
    )
    note = forms.CharField(
        label="Anything the reviewer should know?",
        widget=forms.Textarea,
        required=False,
    )

    def __init__(self, *args: Any, run: AnalysisRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = possible_reviewers(run)  # type: ignore[attr-defined]
        estimates = (run.result or {}).get("estimates", [])
        others = estimands(run)
        self._headline = estimates[0]["name"] if estimates else ""
        others.pop(self._headline, None)
        self.fields["terms"].choices = list(others.items())  # type: ignore[attr-defined]
        shown = [Field.checkboxes("terms", legend_size=Size.SMALL)] if others else []
        if not others:
            del self.fields["terms"]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.select("reviewer"),
            *shown,
            Field.radios("release_to", legend_size=Size.SMALL),
            Field.text("embargo_until"),
            Field.textarea("note", rows=3),
            Button.primary("ask", "Ask for release"),
        )

    def clean_embargo_until(self) -> datetime | None:
        """The start of that day."""
        day = self.cleaned_data["embargo_until"]
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None

    def clean(self) -> dict[str, Any]:
        """What was asked, the headline first; an embargo has a date."""
        cleaned = super().clean() or {}
        cleaned["terms"] = [self._headline, *cleaned.get("terms", [])]
        if cleaned.get("release_to") == ReleaseTo.EMBARGOED and not cleaned.get("embargo_until"):
            self.add_error("embargo_until", "Enter the date from which everyone may see it")
        if cleaned.get("release_to") != ReleaseTo.EMBARGOED:
            cleaned["embargo_until"] = None
        return cleaned


class DecisionForm(forms.Form):
    """The reviewer's decision with a note."""

    RELEASE, CHANGES = "release", "changes"
    decision = forms.ChoiceField(
        label="Your decision",
        choices=[(RELEASE, "Release it"), (CHANGES, "Send it back: something should change")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether to release it"},
    )
    note = forms.CharField(
        label="Note",
        help_text="Needed when you send it back.",
        widget=forms.Textarea,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.radios("decision", legend_size=Size.MEDIUM),
            Field.textarea("note", rows=3),
            Button.primary("decide", "Confirm"),
        )

    def clean(self) -> dict[str, Any]:
        """A result that is sent back says why."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == self.CHANGES and not (cleaned.get("note") or "").strip():
            self.add_error("note", "Say what should change")
        return cleaned


class WithdrawForm(forms.Form):
    """Why a released estimate is withdrawn."""

    reason = forms.CharField(
        label="Why is it withdrawn?",
        help_text="Everyone who follows a link to the estimate reads this.",
        widget=forms.Textarea,
        error_messages={"required": "Say why it is withdrawn"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.textarea("reason", rows=4), Button.warning("withdraw", "Withdraw the estimate")
        )
