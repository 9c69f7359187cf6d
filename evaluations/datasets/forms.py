"""What a person states about a file, and why rows are deleted."""

from __future__ import annotations

from typing import Any

from crispy_forms_gds.choices import Choice
from crispy_forms_gds.fields import DateInputField
from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Fieldset, Layout, Size
from django import forms
from django.core.exceptions import ValidationError

from evaluations.datasets.actions import HowToRead, Particulars
from evaluations.datasets.models import DatasetKind
from evaluations.workspaces.models import Evaluation, LawfulBasis

PARTICULARS = ("kind", "units_are_people", "controller", "lawful_basis", "purpose", "dpia_reference", "retention_date")


class UploadForm(forms.Form):
    """A file, what its rows are, and on what footing they are held."""

    file = forms.FileField(
        label="Choose a file",
        help_text="One table with one header row, as CSV (UTF-8), Excel (XLSX), Parquet, Stata or SPSS. "
        "Leave out names, addresses, dates of birth and every other identifier of people.",
        error_messages={
            "required": "Choose a file to upload",
            "empty": "The file is empty. Upload a file with a header row and data rows",
        },
    )
    kind = forms.ChoiceField(
        label="What does the file hold?",
        choices=[
            Choice(DatasetKind.OUTCOMES, "Outcomes", hint="A row for each unit and period, or for each person asked."),
            Choice(DatasetKind.SITES, "Sites", hint="A row for each place, with where it is and when it opened."),
        ],
        initial=DatasetKind.OUTCOMES,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what the file holds"},
    )
    encoding = forms.ChoiceField(
        label="Encoding of a text file",
        choices=[("", "UTF-8, or as the file says"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")],
        required=False,
        help_text="Change this only if Uplift asks you to.",
    )
    use_postcodes = forms.BooleanField(
        label="The file has full postcodes, for distances only: keep their districts, such as M14, and no more",
        required=False,
    )
    units_are_people = forms.BooleanField(
        label="Each row is, or comes from, one person: hold results back unless they rest on enough people",
        required=False,
    )
    lawful_basis = forms.ChoiceField(
        label="Lawful basis",
        choices=LawfulBasis.choices,
        error_messages={"required": "Choose the lawful basis"},
    )
    controller = forms.CharField(
        label="Data controller", max_length=200, required=False, help_text="The organisation that answers for the data."
    )
    purpose = forms.CharField(
        label="Purpose", required=False, help_text="What the data may be used for, as agreed with the controller."
    )
    dpia_reference = forms.CharField(
        label="Reference of the data protection impact assessment", max_length=200, required=False
    )
    retention_date = DateInputField(
        label="Delete the rows on",
        required=False,
        require_all_fields=False,
        help_text="For example, 31 3 2028. The rows are deleted on this date; results and receipts stay.",
    )

    def __init__(self, *args: Any, evaluation: Evaluation, **kwargs: Any) -> None:
        stated = {
            "lawful_basis": evaluation.lawful_basis,
            "units_are_people": evaluation.units_are_people,
            "controller": evaluation.owner.name,
            "purpose": evaluation.purpose,
        }
        kwargs["initial"] = stated | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            "file",
            Field.radios("kind", legend_size=Size.SMALL),
            "use_postcodes",
            Field.select("encoding"),
            Fieldset(
                "units_are_people",
                Field.select("lawful_basis"),
                Field.text("controller"),
                Field.text("purpose"),
                Field.text("dpia_reference"),
                Field("retention_date", context={"legend_size": "govuk-fieldset__legend--s"}),
                legend="On what footing the data are held",
                legend_size=Size.MEDIUM,
            ),
            Button.primary("upload", "Upload and check"),
        )

    def particulars(self) -> Particulars:
        """What was stated."""
        return Particulars(**{name: self.cleaned_data[name] for name in PARTICULARS if self.cleaned_data[name]})

    def how(self) -> HowToRead:
        """How the file is to be read."""
        return HowToRead(
            encoding=self.cleaned_data.get("encoding") or None,
            use_postcodes=bool(self.cleaned_data.get("use_postcodes")),
            refuse_periods_across=True,
        )

    def add_refusal(self, error: ValidationError) -> None:
        """Show what an action refused beside the fields it names."""
        for field, messages in error.message_dict.items():
            for message in messages:
                self.add_error(field if field in self.fields else None, message)


class DeleteForm(forms.Form):
    """Why the rows are deleted."""

    reason = forms.CharField(
        label="Why are the rows deleted?",
        help_text="For the record: the reason stays, the rows do not.",
        error_messages={"required": "Say why the rows are deleted"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(Field.text("reason"), Button.warning("delete", "Delete the rows"))
