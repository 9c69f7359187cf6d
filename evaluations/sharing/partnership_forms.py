"""What is said when a partnership is made, and when someone is invited into it."""

from __future__ import annotations

from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Fluid, Layout
from django import forms
from django.urls import reverse

from evaluations.organisations.models import Organisation, Partnership, PartnershipRole
from evaluations.organisations.permissions import Permission, Viewer
from evaluations.organisations.queries import organisations_where
from evidence.catalogue.models import Intervention
from evidence.places.models import Place

DATE = {"type": "date", "class": "govuk-input govuk-input--width-10"}
NO_DATE = "Enter a date such as 2027-03-31"


class PartnershipForm(forms.Form):
    """A new partnership and the agreement it rests on."""

    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Enter a name"})
    lead = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        label="Which organisation leads it?",
        empty_label=None,
        error_messages={"required": "Choose the organisation that leads it"},
    )
    purpose = forms.CharField(
        label="What have the partners agreed to find out together?",
        widget=forms.Textarea,
        error_messages={"required": "Say what the partners agreed to find out"},
    )
    basis = forms.CharField(
        label="Under which agreement and lawful basis do they share?",
        widget=forms.Textarea,
        help_text="For example the data-sharing agreement and its date.",
        error_messages={"required": "Name the agreement and its basis"},
    )
    starts_on = forms.DateField(
        label="The agreement starts on",
        widget=forms.DateInput(attrs=DATE),
        error_messages={"required": "Enter the date on which the agreement starts", "invalid": NO_DATE},
    )
    ends_on = forms.DateField(
        label="It ends on (if it does)",
        required=False,
        widget=forms.DateInput(attrs=DATE),
        error_messages={"invalid": NO_DATE},
    )
    interventions = forms.ModelMultipleChoiceField(
        queryset=Intervention.objects.none(),
        label="Interventions it is about",
        required=False,
        help_text="Hold Ctrl or Cmd to choose several.",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    places = forms.ModelMultipleChoiceField(
        queryset=Place.objects.none(),
        label="Places it is about",
        required=False,
        help_text="Hold Ctrl or Cmd to choose several.",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen_from = {
            "lead": organisations_where(viewer, Permission.CREATE_PARTNERSHIP),
            "interventions": Intervention.objects.visible_to(viewer).order_by("name"),
            "places": Place.objects.order_by("name"),
        }
        for name, rows in chosen_from.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.text("name"),
            Field.select("lead"),
            Field.textarea("purpose", rows=3),
            Field.textarea("basis", rows=3),
            Field.text("starts_on"),
            Field.text("ends_on"),
            Field.select("interventions"),
            Field.select("places"),
            Button.primary("create", "Make the partnership"),
        )

    def clean_name(self) -> str:
        """A name no other partnership has."""
        name = self.cleaned_data["name"].strip()
        if Partnership.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError("There is a partnership of that name. Choose another")
        return name

    def clean(self) -> dict[str, Any]:
        """An agreement ends after it starts."""
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "The agreement must end after it starts")
        return cleaned


class InviteForm(forms.Form):
    """Whom to invite, and what their organisation will be."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="Of someone who leads the organisation. They accept for it.",
        error_messages={"required": "Enter an e-mail address", "invalid": "Enter an e-mail address"},
    )
    role = forms.ChoiceField(
        label="Their organisation will be",
        choices=PartnershipRole.choices,
        initial=PartnershipRole.PARTNER,
        error_messages={"required": "Choose what the organisation will be"},
    )

    def __init__(self, *args: Any, partnership: Partnership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_action = reverse("partnership-invite", args=[partnership.pk])
        self.helper.layout = Layout(
            Field.text("email", field_width=Fluid.TWO_THIRDS),
            Field.select("role"),
            Button.secondary("invite", "Invite"),
        )


class JoinForm(forms.Form):
    """For which organisation an invitation is accepted."""

    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        label="Which organisation joins?",
        empty_label=None,
        error_messages={"required": "Choose the organisation that joins"},
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations_where(viewer, Permission.CREATE_PARTNERSHIP)  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(Field.select("organisation"), Button.primary("join", "Join the partnership"))
