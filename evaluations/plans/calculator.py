"""The calculator before the data: its questions, and its answer in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Fluid, Layout
from django import forms

from evaluations.stats.issues import NotEstimable
from evaluations.stats.planning import (
    Detectable,
    Noise,
    TwoGroups,
    design_to_detect,
    noise_of_pilot,
    smallest_detectable,
)

LONGEST_PILOT = 4_000
"""Signs of a pilot's figures: they are part of the address, which may not be endless."""


@dataclass(frozen=True)
class Answer:
    """What a design would detect, and what it would take to detect the effect asked for."""

    design: TwoGroups
    found: Detectable
    enough: TwoGroups | None = None
    refusal: str = ""
    pilot: Noise | None = None


class CalculatorForm(forms.Form):
    """A before-and-after comparison of two groups of areas, with how outcomes vary."""

    n_treated = forms.IntegerField(
        label="Areas with the programme", min_value=2, max_value=100_000, initial=15,
        help_text="Or schools, colleges, practices: whatever gets it as a whole.",
    )  # fmt: skip
    n_control = forms.IntegerField(label="Areas to compare with", min_value=2, max_value=100_000, initial=45)
    n_pre = forms.IntegerField(label="Periods before it starts", min_value=1, max_value=200, initial=4)
    n_post = forms.IntegerField(label="Periods after it starts", min_value=1, max_value=200, initial=2)
    sd = forms.FloatField(
        label="Spread of the outcome between people", min_value=1e-9, initial=1.0,
        help_text="Its standard deviation, in the outcome's unit. For a share p it is the square root of p(1 - p).",
    )  # fmt: skip
    people = forms.FloatField(
        label="People in each area and period", min_value=1, initial=200, help_text="Those whose outcome is averaged."
    )
    intraclass = forms.FloatField(
        label="How alike people in one area and period are", min_value=0, max_value=1, initial=0.02,
        help_text="The intraclass correlation, after each area's usual level is taken out. 0.01 to 0.05 is common.",
    )  # fmt: skip
    serial_correlation = forms.FloatField(
        label="How long an area's shocks last", min_value=-0.99, max_value=0.99, initial=0.4,
        help_text="The correlation of an area's shock with the next period's, from 0 (gone at once) to 1 (for good).",
    )  # fmt: skip
    effect = forms.FloatField(
        label="An effect you would want to find (optional)", min_value=1e-9, required=False,
        help_text="In the outcome's own unit. The answer then says how many areas that takes.",
    )  # fmt: skip
    power = forms.FloatField(label="Chance of finding it", min_value=0.5, max_value=0.99, initial=0.8)
    pilot = forms.CharField(
        label="Figures of a pilot (optional)", required=False, max_length=LONGEST_PILOT,
        help_text="Areas without the programme, one a line: the figures of its periods, parted by spaces or commas,"
        " without names or headings. How they vary then stands in for the spread, the people, how alike they are"
        " and how long shocks last, as given above.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.widget = forms.Textarea({"rows": 5, "spellcheck": "false"})
                continue
            kind = "decimal" if isinstance(field, forms.FloatField) else "numeric"
            field.widget = forms.TextInput({"inputmode": kind, "spellcheck": "false"})
        self.helper = FormHelper(self)
        self.helper.form_method = "get"
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            *(Field.text(name, field_width=Fluid.ONE_THIRD) for name in self.fields if name != "pilot"),
            Field.textarea("pilot", rows=5),
            Button.primary("ask", "Work it out"),
        )

    def clean_pilot(self) -> Noise | None:
        """How a pilot's figures vary; null where none were given."""
        lines = [line.strip() for line in self.cleaned_data["pilot"].splitlines() if line.strip()]
        if not lines:
            return None
        rows = [_figures(number, line) for number, line in enumerate(lines, start=1)]
        ragged = next((n for n, row in enumerate(rows, start=1) if len(row) != len(rows[0])), None)
        if ragged:
            raise forms.ValidationError(
                f"Line {ragged} has {len(rows[ragged - 1])} figures and line 1 has {len(rows[0])}: each area needs one"
                " for every period."
            )
        try:
            return noise_of_pilot(np.array(rows))
        except NotEstimable as reason:
            raise forms.ValidationError(f"{reason.message} {reason.hint}") from reason

    def answer(self) -> Answer:
        """The answer to what was asked. Only for a valid form."""
        asked = self.cleaned_data
        design = TwoGroups(*(asked[name] for name in ("n_treated", "n_control", "n_pre", "n_post")))
        stated = Noise(asked["sd"], asked["intraclass"], asked["serial_correlation"], asked["people"])
        pilot = asked["pilot"]
        noise = pilot or stated
        found = smallest_detectable(design, noise, power=asked["power"])
        if not asked.get("effect"):
            return Answer(design, found, pilot=pilot)
        try:
            enough = design_to_detect(asked["effect"], design, noise, power=asked["power"])
        except NotEstimable as reason:
            return Answer(design, found, refusal=f"{reason.message} {reason.hint}", pilot=pilot)
        return Answer(design, found, enough if isinstance(enough, TwoGroups) else None, pilot=pilot)


def _figures(number: int, line: str) -> list[float]:
    """The figures of a pilot's line."""
    figures = []
    for cell in re.split(r"[\s,;]+", line.strip(",; ")):
        try:
            figures.append(float(cell))
        except ValueError:
            raise forms.ValidationError(
                f"Line {number}: {cell[:40]} is not a number. Paste figures only, without names or headings."
            ) from None
    if not np.isfinite(figures).all():
        raise forms.ValidationError(f"Line {number} has a figure that is not finite.")
    return figures
