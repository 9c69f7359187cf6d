"""What is said of sites that go into the catalogue, and which are taken out of it."""

from __future__ import annotations

from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Layout
from django import forms

from evaluations.datasets.models import Dataset
from evidence.catalogue.models import Intervention
from evidence.catalogue.queries import interventions_visible_to
from evidence.sites.models import SiteList
from evidence.sites.queries import usable_site_lists


class SaveSitesForm(forms.Form):
    """Of what the sites are, what the list is called and who says so."""

    intervention = forms.ModelChoiceField(
        queryset=Intervention.objects.none(),
        label="Which intervention ran at these sites?",
        empty_label="Choose an intervention",
        error_messages={"required": "Choose the intervention that ran at these sites"},
    )
    name = forms.CharField(
        label="Name of the list",
        help_text="Such as: Family Hubs open in Manchester, 2018 to 2024.",
        max_length=200,
        error_messages={"required": "Name the list"},
    )
    source = forms.CharField(
        label="Source",
        help_text="Who says where the sites are and when they opened, and as of what date.",
        max_length=300,
        error_messages={"required": "Say where the sites are taken from"},
    )

    def __init__(self, *args: Any, viewer: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["intervention"].initial = dataset.evaluation.intervention_id
        self.fields["intervention"].queryset = interventions_visible_to(viewer).order_by("name")  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.select("intervention"),
            Field.text("name"),
            Field.text("source"),
            Button.primary("save", "Save to the catalogue"),
        )


class _Lists(forms.ModelChoiceField):
    def label_from_instance(self, obj: SiteList) -> str:  # type: ignore[override]
        """The list with its intervention, its size and whose it is."""
        whose = "public" if obj.visibility == "public" else f"saved by {obj.saved_by}, not public"
        return f"{obj.intervention.name}: {obj.name} ({obj.n_sites} sites; {whose})"  # type: ignore[attr-defined]


class UseSitesForm(forms.Form):
    """Which list of the catalogue to use."""

    site_list = _Lists(
        queryset=SiteList.objects.none(),
        label="Which sites?",
        empty_label="Choose a list of sites",
        help_text="A copy is checked and kept with this evaluation, so that its results can be repeated.",
        error_messages={"required": "Choose a list of sites"},
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site_list"].queryset = usable_site_lists(viewer).order_by("intervention__name", "name")  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(Field.select("site_list"), Button.primary("use", "Use these sites"))
