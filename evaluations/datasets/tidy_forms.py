"""The choices by which a sheet is put in order, as a form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms

from evaluations.datasets.tidy import Recipe, Tidied

ALWAYS = frozenset({"around", "errors"})
"""Steps that only report, and cannot be undone."""


class TidyForm(forms.Form):
    """What a person changed: the sheet, the header, steps undone, names, columns that are text after all."""

    sheet = forms.CharField(required=False)
    shown_sheet = forms.CharField(required=False)
    header_row = forms.IntegerField(required=False, min_value=1, error_messages={"invalid": "Enter the row's number"})
    header_rows = forms.TypedChoiceField(choices=[("1", "1"), ("2", "2")], coerce=int, required=False, empty_value=None)
    period_name = forms.CharField(required=False, max_length=60)
    value_name = forms.CharField(required=False, max_length=60)
    on = forms.CharField(required=False)
    shown_steps = forms.CharField(required=False)
    as_text = forms.CharField(required=False)

    def recipe(self, data: Any) -> Recipe:
        """The recipe that the form states. `data` is the posted data, for the lists in it."""
        stated = self.cleaned_data
        recipe = Recipe(
            sheet=stated["sheet"] or None,
            header_row=stated["header_row"],
            header_rows=stated["header_rows"],
            off=self._off(data),
            period_name=stated["period_name"] or "period",
            value_name=stated["value_name"] or "value",
            as_text=tuple(data.getlist("as_text")),
        )
        if stated["sheet"] != stated["shown_sheet"]:
            return replace(recipe, header_row=None, header_rows=None, off=())
        return recipe

    def _off(self, data: Any) -> tuple[str, ...]:
        on = set(data.getlist("on"))
        shown = self.cleaned_data["shown_steps"].split()
        return tuple(step for step in shown if step not in on and step not in ALWAYS)


def start_of(tidied: Tidied, *, rows: int = 14, columns: int = 8, width: int = 28) -> list[dict[str, Any]]:
    """The first rows of the sheet around its header, as they stand, for the preview in which a header is chosen."""
    place, grid = tidied.place, tidied.sheet.grid
    first = max(0, min(place.header_row - rows // 2, len(grid) - rows))
    return [
        {
            "number": row + 1,
            "cells": [_short(grid[row][column], width) if column < len(grid[row]) else "" for column in range(columns)],
            "is_header": place.header_row - place.header_rows < row <= place.header_row,
            "is_outside": not place.header_row - place.header_rows < row < place.last_row,
        }
        for row in range(first, min(len(grid), first + rows))
    ]


def _short(cell: Any, width: int) -> str:
    text = "" if cell is None else f"{cell:.10g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= width else f"{text[: width - 1]}…"
