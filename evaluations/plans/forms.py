"""The three forms that state a design: what the columns are, which design, and its options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Fluid, Layout
from django import forms

from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.plans.designs import DESIGNS, LIST_ROLES, ROLES, Design
from evaluations.plans.guesses import columns_from_roles, guessed_roles, roles_from_columns
from evaluations.plans.models import AnalysisPlan
from evaluations.stats.spec import Columns
from evaluations.workspaces.models import Evaluation

NAMED_ROLES = ("outcome", "unit", "period", "first_treated", "treated", "post", "cluster", "weight", "covariates")


def ready(evaluation: Evaluation, kind: str) -> list[Dataset]:
    """The evaluation's usable data of one kind, newest first."""
    return list(evaluation.datasets.filter(kind=kind, state=DatasetState.READY))


class ColumnRolesForm(forms.Form):
    """One choice of role for each column of a dataset."""

    def __init__(self, *args: Any, dataset: Dataset, stated: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dataset = dataset
        guesses = roles_from_columns(stated) if stated.get("outcome") else guessed_roles(dataset.columns)
        choices = [("", "Not used"), *((role, text.label) for role, text in ROLES.items())]
        for position, column in enumerate(dataset.columns):
            self.fields[f"role_{position}"] = forms.ChoiceField(
                choices=choices,
                required=False,
                initial=guesses.get(column["name"], ""),
                label=column["name"],
                widget=forms.Select(attrs={"class": "govuk-select"}),
            )

    @property
    def rows(self) -> Iterator[tuple[dict[str, Any], forms.BoundField]]:
        """Each column of the data with its field."""
        for position, column in enumerate(self.dataset.columns):
            yield column, self[f"role_{position}"]

    def clean(self) -> dict[str, Any]:
        """The `columns` block; a role that one column plays is played once, and the outcome is named."""
        roles = {
            column["name"]: self.cleaned_data.get(f"role_{position}", "")
            for position, column in enumerate(self.dataset.columns)
        }
        for role in {role for role in roles.values() if role and role not in LIST_ROLES}:
            played_by = [name for name, played in roles.items() if played == role]
            if len(played_by) > 1:
                names = " and ".join(played_by)
                self.add_error(None, f"{names} are both “{ROLES[role].label}”. Choose one column for it")
        if "outcome" not in roles.values():
            self.add_error(None, "Choose which column is the outcome")
        return {"columns": columns_from_roles({name: role for name, role in roles.items() if role})}


class NamedColumnsForm(forms.Form):
    """The columns by name, for a plan that is stated before there are data."""

    def __init__(self, *args: Any, stated: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role in NAMED_ROLES:
            several = role in LIST_ROLES
            now = stated.get(role) or ""
            self.fields[role] = forms.CharField(
                label=f"{ROLES[role].label}{'s, separated by commas' if several else ''}",
                help_text=ROLES[role].hint,
                required=role == "outcome",
                initial=", ".join(now) if isinstance(now, list | tuple) else now,
                error_messages={"required": "Name the column that will hold the outcome"},
            )
        self.helper = FormHelper(self)
        fields = [Field.text(role, field_width=Fluid.ONE_HALF) for role in NAMED_ROLES]
        self.helper.layout = Layout(*fields, Button.primary("save", "Continue"))

    def clean(self) -> dict[str, Any]:
        """The `columns` block, empty roles left out."""
        block: dict[str, Any] = {}
        for role in NAMED_ROLES:
            text = (self.cleaned_data.get(role) or "").strip()
            if text:
                names = [name.strip() for name in text.split(",") if name.strip()]
                block[role] = names if role in LIST_ROLES else text
        return {"columns": block}


@dataclass(frozen=True)
class Offer:
    """A design as it is offered: what the data lack for it, and whether it is the one chosen."""

    design: Design
    missing: list[str]
    is_chosen: bool


class DesignForm(forms.Form):
    """Which design, and the words that go with it."""

    estimator = forms.ChoiceField(
        label="Which comparison answers the question?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a design"},
    )
    outcome_unit = forms.CharField(
        label="In what unit is a change in the outcome column?",
        max_length=60,
        help_text="Such as percentage points, points, pounds. If the column holds shares from 0 to 1, say so.",
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-20"}),
        error_messages={"required": "Say in what unit the outcome is"},
    )
    comparator_justification = forms.CharField(
        label="Why is the comparison group a fair one?",
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": 4}),
        required=False,
        help_text="How were the treated chosen, and why would the others have changed alike? "
        "Without a reason the evidence cannot be rated above the second level.",
    )
    other_explanations = forms.CharField(
        label="What else could explain a difference?",
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": 4}),
        required=False,
        help_text="Other programmes, changed definitions, people moving, who might have lost out.",
    )
    deviation_reason = forms.CharField(
        label="Why does this plan differ from the one locked before it?",
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": 3}),
        error_messages={"required": "Say why this plan differs from the one locked before it"},
    )

    def __init__(self, *args: Any, columns: Columns, is_departure: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns = columns
        self.fields["estimator"].choices = [(design.estimator, design.title) for design in DESIGNS]  # type: ignore[attr-defined]
        if not is_departure:
            del self.fields["deviation_reason"]

    @property
    def fitting(self) -> list[Offer]:
        """The designs whose columns the data have."""
        return [offer for offer in self._offers() if not offer.missing]

    @property
    def lacking(self) -> list[Offer]:
        """The designs for which the data lack something, with what."""
        return [offer for offer in self._offers() if offer.missing]

    def _offers(self) -> list[Offer]:
        chosen = self["estimator"].value()
        return [Offer(each, each.missing(self._columns), each.estimator == chosen) for each in DESIGNS]

    @property
    def words(self) -> list[forms.BoundField]:
        """The questions answered in sentences."""
        return [self[name] for name in self.fields if name != "estimator"]


def sites_choices(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The site files a proximity design can use."""
    return [("", "No file of sites"), *((str(each.pk), str(each)) for each in ready(evaluation, DatasetKind.SITES))]


def spec_of(plan: AnalysisPlan | None) -> dict[str, Any]:
    """The design stated so far; an empty one when there is none."""
    return dict(plan.spec) if plan is not None else {}
