"""The form of a record of the catalogue: its fields, references by name or code, and why."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import HTML, Button, Field, Layout
from django import forms
from django.db import models
from django.db.models import Q

from evaluations.editing.models import SubjectKind
from evaluations.editing.records import SEVERAL, Values, editable, in_order, label_of
from evidence.catalogue.issues import Issue

CHOSEN_FROM_A_LIST = {"outcome", "target_group"}
"""References short enough to choose from a list; the others are typed, by name or by code."""
ROWS = 4
HELP = {
    "key_facts": "One a line.",
    "started": "In words, such as “April 2022”.",
    "ended": "In words; leave it empty while it runs.",
    "start_year": "Four digits.",
    "cost_per_participant": "Digits only. A cost needs its currency, price year and source.",
    "cost_currency": "Three letters, such as GBP.",
    "value": "Digits only. Leave it empty where no number was given, and say in words what was reported.",
    "level": "Of the interval, such as 0.95.",
    "reported_words": "What was reported where there is no number.",
    "source_location": "Where in the source the number stands, so that anyone can check it.",
    "evidence_grade": "A: the primary text or table. B: its abstract or its publisher’s page. C: a press report. "
    "D: the page of a vendor or an advocate.",
    "statement": "In one or two sentences.",
    "domain": "Such as employment or attainment; one that is there already where one fits.",
    "age_from": "In years.",
    "age_to": "In years.",
    "is_person_targeted": "Whether people are chosen, and not whole places or schools.",
}
GROUPS = {
    "target_groups": "Whom it is for, and where",
    "cost_per_participant": "Cost",
    "who_might_lose_out": "Who might lose out",
    "sources": "Sources",
    "source": "Where it comes from",
    "std_error": "How sure",
    "base_level": "Whom and what it is about",
}
"""The heading that stands before a field."""


class NamesField(forms.CharField):
    """References typed one a line, each by its name or its code; cleaned to codes."""

    widget = forms.Textarea

    def __init__(self, *, model: type[models.Model], many: bool, **kwargs: Any) -> None:
        self.model, self.many = model, many
        super().__init__(**kwargs)

    @property
    def name_field(self) -> str:
        """What the records are called by."""
        return "title" if any(each.name == "title" for each in self.model._meta.fields) else "name"

    def clean(self, value: Any) -> Any:
        """The codes, in the order typed. Raises `ValidationError` naming every line that is not known."""
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        if self.required and not lines:
            raise forms.ValidationError(self.error_messages["required"])
        found: list[str] = []
        unknown: list[tuple[str, int]] = []
        for line in lines:
            codes = self._codes(line)
            if len(codes) == 1:
                found += codes
            else:
                unknown.append((line, len(codes)))
        if unknown:
            raise forms.ValidationError([self._problem(line, n_found) for line, n_found in unknown])
        if not self.many and len(found) > 1:
            raise forms.ValidationError("Name only one.")
        return sorted(set(found)) if self.many else (found[0] if found else None)

    def _codes(self, line: str) -> list[str]:
        rows: Any = self.model._default_manager
        exact = list(rows.filter(code=line).values_list("code", flat=True))
        named = rows.filter(Q(**{f"{self.name_field}__iexact": line}))
        if any(each.name == "merged_into" for each in self.model._meta.fields):
            named = named.filter(merged_into__isnull=True)
        return exact or list(named.values_list("code", flat=True)[:3])

    def _problem(self, line: str, n_found: int) -> str:
        what = str(self.model._meta.verbose_name)
        if n_found:
            return f"More than one {what} is called “{line}”. Use the code of the one you mean"
        return f"There is no {what} called “{line}”. Check its name or code, or take the line out"

    def typed(self, codes: Any) -> str:
        """What to show in the box for these codes: names where a name is enough to find them again."""
        wanted = codes if isinstance(codes, list) else [codes] if codes else []
        rows: Any = self.model._default_manager.filter(code__in=wanted)
        names = {row.code: getattr(row, self.name_field) for row in rows}
        return "\n".join(
            names[code] if code in names and len(self._codes(names[code])) == 1 else code for code in wanted
        )


class LinesField(forms.CharField):
    """Sentences, one a line; cleaned to a list."""

    widget = forms.Textarea

    def clean(self, value: Any) -> list[str]:
        """The lines that say anything."""
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]


class RecordForm(forms.Form):
    """The fields of one kind of record, and why it changes. `values()` gives them as JSON values."""

    def __init__(self, kind: str, data: Any = None, *, values: Values | None = None, button: str) -> None:
        super().__init__(data)
        self.kind = SubjectKind(kind)
        for name in editable(kind).changeable:
            self.fields[name] = _form_field(self.kind, name)
        self.fields["reason"] = forms.CharField(
            label="Why",
            max_length=1000,
            widget=forms.Textarea,
            help_text="One sentence for the change log, which everyone can read.",
            error_messages={"required": "Say why, in one sentence"},
        )
        if values is not None:
            self.initial = {name: self._typed(name, value) for name, value in values.items() if name in self.fields}
        self.helper = FormHelper(self)
        self.helper.layout = Layout(*self._laid_out(), Button.primary("save", button))

    def _typed(self, name: str, value: Any) -> Any:
        field = self.fields[name]
        if isinstance(field, NamesField):
            return field.typed(value)
        return "\n".join(value or []) if isinstance(field, LinesField) else value

    def _laid_out(self) -> list[Any]:
        parts: list[Any] = []
        for name, field in self.fields.items():
            if name in GROUPS:
                parts.append(HTML(f'<h2 class="govuk-heading-m">{GROUPS[name]}</h2>'))
            if isinstance(field.widget, forms.CheckboxSelectMultiple):
                parts.append(Field.checkboxes(name))
            elif isinstance(field.widget, forms.Select):
                parts.append(Field.select(name))
            elif isinstance(field.widget, forms.Textarea):
                parts.append(Field.textarea(name, rows=ROWS))
            else:
                parts.append(Field.text(name))
        return parts

    def clean(self) -> dict[str, Any]:
        """What was typed, with what only several fields together can break said beside one of them."""
        cleaned = super().clean() or {}
        show_problems(self, CHECKS.get(self.kind, lambda _: [])(cleaned))
        return cleaned

    def values(self) -> Values:
        """The fields as JSON values."""
        return {name: _as_json(name, value) for name, value in self.cleaned_data.items() if name != "reason"}


def _as_json(name: str, value: Any) -> Any:
    if name in SEVERAL:
        return in_order(name, value)
    return str(value.normalize()) if isinstance(value, Decimal) else value


def show_problems(form: forms.Form, issues: Iterable[Issue]) -> None:
    """Show each problem beside its field, or above the form where it has none."""
    for issue in issues:
        column = issue.column if issue.column in form.fields else None
        form.add_error(column, f"{issue.message} {issue.hint}".strip())


def _form_field(kind: SubjectKind, name: str) -> forms.Field:
    """The form's field for a field of a record."""
    field: Any = editable(kind).model._meta.get_field(name)
    shared: dict[str, Any] = {
        "label": label_of(kind, name),
        "required": not field.blank and not field.null,
        "help_text": HELP.get(name, str(field.help_text)),
    }
    shared["error_messages"] = {"required": f"Enter: {shared['label'].lower()}"}
    if field.many_to_many or field.many_to_one:
        return _reference(field, name, shared)
    if name in SEVERAL:
        choices = SEVERAL[name].choices
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **shared | {"required": False}
        )
    if isinstance(field, models.BooleanField):
        yes_or_no = [("True", "Yes"), ("False", "No")]
        return forms.TypedChoiceField(
            choices=yes_or_no, coerce=lambda value: value == "True", initial=str(field.default), **shared
        )
    if isinstance(field, models.JSONField):
        return LinesField(**shared | {"required": False})
    if field.choices:
        choices = [("", "Choose one"), *field.choices]
        return forms.ChoiceField(choices=choices, **shared)
    made: Any = field.formfield(**{key: shared[key] for key in ("label", "required", "help_text")})
    made.error_messages |= shared["error_messages"]
    if isinstance(made, forms.IntegerField | forms.FloatField | forms.DecimalField):
        made.widget = forms.TextInput(attrs={"inputmode": "decimal"})
    return made


def _reference(field: Any, name: str, shared: dict[str, Any]) -> forms.Field:
    model = field.related_model
    if name in CHOSEN_FROM_A_LIST:
        rows = [(row.code, _label(row)) for row in model._default_manager.order_by("name")]
        return EmptyAsNone(choices=[("", "Choose one" if shared["required"] else "Not recorded"), *rows], **shared)
    many = bool(field.many_to_many)
    made = NamesField(model=model, many=many, **shared if many else shared | {"widget": forms.TextInput})
    made.help_text = "One a line, each by its name or code." if many else f"By its {made.name_field} or code."
    return made


class EmptyAsNone(forms.ChoiceField):
    """A choice of a code; nothing chosen is None."""

    def clean(self, value: Any) -> Any:
        """The code, or None."""
        return super().clean(value) or None


def _label(row: Any) -> str:
    unit = getattr(row, "unit", "")
    return f"{row.name} ({unit})" if unit else row.name


def _intervention_issues(cleaned: dict[str, Any]) -> list[Issue]:
    issues = []
    start, end = cleaned.get("start_year"), cleaned.get("end_year")
    if start and end and start > end:
        issues.append(
            Issue("years", f"It ends in {end}, before it starts in {start}.", "Correct one.", column="end_year")
        )
    if cleaned.get("cost_per_participant") is not None:
        parts = {"cost_currency": "currency", "cost_price_year": "price year", "cost_source": "source"}
        missing = [(name, words) for name, words in parts.items() if not cleaned.get(name)]
        issues += [Issue("cost", f"A cost needs its {words}.", "Enter it.", column=name) for name, words in missing]
    return issues


def _study_issues(cleaned: dict[str, Any]) -> list[Issue]:
    if cleaned.get("status") == "never_evaluated" and not cleaned.get("statement"):
        hint = "Name the source, or who searched and where."
        return [Issue("gap", "A gap says who says that it was never evaluated.", hint, column="statement")]
    return []


def _group_issues(cleaned: dict[str, Any]) -> list[Issue]:
    youngest, oldest = cleaned.get("age_from"), cleaned.get("age_to")
    if youngest is None or oldest is None or youngest <= oldest:
        return []
    return [Issue("ages", f"The ages run from {youngest} down to {oldest}.", "Correct one.", column="age_to")]


def _succession_issues(cleaned: dict[str, Any]) -> list[Issue]:
    if not cleaned.get("earlier") or cleaned["earlier"] != cleaned.get("later"):
        return []
    return [Issue("itself", "Nothing takes its own place.", "Name two interventions.", column="later")]


CHECKS = {
    SubjectKind.INTERVENTION: _intervention_issues,
    SubjectKind.STUDY: _study_issues,
    SubjectKind.TARGET_GROUP: _group_issues,
    SubjectKind.SUCCESSION: _succession_issues,
}
