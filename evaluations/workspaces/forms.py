"""What a person states about an evaluation."""

from __future__ import annotations

from typing import Any

from crispy_forms_gds.choices import Choice
from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Fixed, Layout, Size
from django import forms

from evaluations.disclosure.policy import FLOOR, LABELS, MOST, PRESET, Policy, below_floor, policy_of
from evaluations.organisations.models import Organisation
from evaluations.organisations.permissions import Permission, Viewer
from evaluations.organisations.queries import organisations_where
from evaluations.workspaces.models import Evaluation, LawfulBasis
from evidence.catalogue.models import Intervention, Outcome

PEOPLE = "people"
NOT_PEOPLE = "not_people"


class OutcomeChoiceField(forms.ModelChoiceField):
    """An outcome, named with its unit so that two of a kind can be told apart."""

    def label_from_instance(self, outcome: Outcome) -> str:  # type: ignore[override]
        """The outcome's name, then its unit where it has one."""
        return f"{outcome.name} ({outcome.unit})" if outcome.unit else outcome.name


class EvaluationForm(forms.Form):
    """A new evaluation, or changes to one."""

    title = forms.CharField(
        label="Title",
        max_length=200,
        help_text="As you would say it to a colleague, for example “Family Hubs and school readiness in the north”.",
        error_messages={"required": "Enter a title"},
    )
    purpose = forms.CharField(
        label="What is it to find out, and who will use the answer?",
        widget=forms.Textarea,
        error_messages={"required": "Say what the evaluation is to find out"},
    )
    owner = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        label="Which organisation owns it?",
        help_text="Its members see the evaluation, and it stays with the organisation when people leave.",
        empty_label=None,
        error_messages={"required": "Choose the organisation that owns it"},
    )
    intervention = forms.ModelChoiceField(
        queryset=Intervention.objects.none(),
        label="Which intervention is evaluated?",
        empty_label="Choose an intervention",
        error_messages={"required": "Choose the intervention"},
    )
    outcome = OutcomeChoiceField(
        queryset=Outcome.objects.none(),
        label="Which outcome is the headline?",
        help_text="One outcome, fixed before the analysis. Others can be checked beside it.",
        empty_label="Choose an outcome",
        error_messages={"required": "Choose the headline outcome"},
    )
    units = forms.ChoiceField(
        label="What is one row of the data about?",
        choices=[
            Choice(NOT_PEOPLE, "An area, a school or another group", hint="Figures about many people taken together."),
            Choice(PEOPLE, "One person", hint="Results are then held back unless they rest on enough people."),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Say what one row of the data is about"},
    )
    lawful_basis = forms.ChoiceField(
        label="Under which lawful basis are the data used?",
        choices=LawfulBasis.choices,
        help_text="Article 6 of the UK GDPR. Your information governance lead will know.",
        error_messages={"required": "Choose the lawful basis"},
    )

    def __init__(self, *args: Any, viewer: Viewer, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose_from(viewer)
        if not is_new:
            del self.fields["owner"]
        elif self._owners.count() == 1:
            self.fields["owner"].initial = self._owners.first()
        self.helper = FormHelper(self)
        self.helper.form_tag = True
        owner = [Field.select("owner")] if is_new else []
        self.helper.layout = Layout(
            Field.text("title"),
            Field.textarea("purpose", rows=4),
            *owner,
            Field.select("intervention"),
            Field.select("outcome"),
            Field.radios("units", legend_size=Size.SMALL),
            Field.select("lawful_basis"),
            Button.primary("save", "Create the evaluation" if is_new else "Save changes"),
        )

    def _choose_from(self, viewer: Viewer) -> None:
        self._owners = organisations_where(viewer, Permission.CREATE_EVALUATION)
        self.fields["owner"].queryset = self._owners  # type: ignore[attr-defined]
        self.fields["intervention"].queryset = Intervention.objects.visible_to(viewer)  # type: ignore[attr-defined]
        self.fields["outcome"].queryset = Outcome.objects.order_by("name")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What was stated, with `units_are_people` in place of the choice."""
        cleaned = super().clean() or {}
        cleaned["units_are_people"] = cleaned.pop("units", None) == PEOPLE
        if cleaned["units_are_people"] and cleaned.get("lawful_basis") == LawfulBasis.NOT_PERSONAL:
            self.add_error("lawful_basis", "Data about people need a lawful basis. Choose the one that applies")
        return cleaned


class PolicyForm(forms.Form):
    """The policy of disclosure control: the preset, or other numbers with a reason, never below the floor."""

    reason = forms.CharField(
        label="Why is this policy right for these data?",
        help_text="Kept on record, and shown with every number of the evaluation's history.",
        widget=forms.Textarea,
        error_messages={"required": "Say why this policy is right for these data"},
    )

    def __init__(self, *args: Any, evaluation: Evaluation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = policy_of(evaluation.disclosure_policy)
        for name, label in LABELS.items():
            self.fields[name] = _policy_field(name, label, getattr(now, name))
        self.order_fields([*LABELS, "reason"])
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            *(Field.text(name, field_width=Fixed.FIVE) for name in LABELS),
            Field.textarea("reason", rows=3),
            Button.primary("save", "Use this policy"),
        )

    def clean(self) -> dict[str, Any]:
        """The numbers as one policy; each that protects less than the floor is told beside its field."""
        cleaned = super().clean() or {}
        if not self.errors.keys() & set(LABELS):
            cleaned["policy"] = Policy(**{name: cleaned[name] for name in LABELS})
            for name, why in below_floor(cleaned["policy"]):
                self.add_error(name, why)
        return cleaned


def _policy_field(name: str, label: str, now: int) -> forms.Field:
    preset, least = getattr(PRESET, name), getattr(FLOOR, name)
    hint = f"The preset is {preset}; never below {least}."
    return forms.IntegerField(
        label=label,
        initial=now,
        max_value=MOST[name] * 10,
        help_text=hint,
        error_messages=_messages(label),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


def _messages(label: str) -> dict[str, str]:
    return {"required": f"Enter a number: {label.lower()}", "invalid": f"Enter a number: {label.lower()}"}
