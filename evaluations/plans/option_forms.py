"""The options of a design: those that matter to it, with sensible defaults, and an advanced part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from evaluations.plans.designs import BY_ESTIMATOR
from evaluations.stats.spec import PROXIMITY_ESTIMATORS, SiteColumns

COHORT_DESIGNS = ("callaway_santanna", "sun_abraham", "imputation", "event_study", "access_did", "synthetic_did")


@dataclass(frozen=True)
class Option:
    """One option as a question; `of` names the estimators it matters to (all, when empty)."""

    name: str
    label: str
    hint: str
    choices: tuple[tuple[str, str], ...] = ()
    of: tuple[str, ...] = ()
    advanced: bool = False
    block: str = "options"


OPTIONS: tuple[Option, ...] = (
    Option(
        "control_group",
        "Compare with",
        "Those not yet treated are more alike, but fewer as time goes on.",
        (("never_treated", "Units never treated"), ("not_yet_treated", "Units not treated yet, or never")),
        ("callaway_santanna", "access_did", "sun_abraham"),
    ),
    Option(
        "panel",
        "Are the same units in every period?",
        "Repeated surveys follow groups, not the same units.",
        (("true", "Yes, the same units are followed"), ("false", "No, each period has its own rows")),
        ("did_2x2", "callaway_santanna", "twfe"),
    ),
    Option(
        "estimation",
        "Adjust for characteristics by",
        "Doubly robust needs only one of its two models to be right.",
        (
            ("dr", "Both, doubly robust"),
            ("reg", "Outcome regression"),
            ("ipw", "Weighting"),
            ("linear", "Adding them to the regression"),
        ),
        ("did_2x2", "callaway_santanna", *PROXIMITY_ESTIMATORS),
    ),
    Option(
        "std_errors",
        "Standard errors",
        "Clustered on the unit unless you say otherwise.",
        (
            ("auto", "Clustered by the cluster or unit"),
            ("classical", "Classical"),
            ("hc1", "Robust (HC1)"),
            ("cluster", "Clustered"),
            ("cr2", "Clustered, small-sample (CR2)"),
            ("cr3", "Clustered, jackknife (CR3)"),
            ("conley", "Spatial (Conley)"),
        ),
    ),
    Option(
        "radius_km",
        "Within reach, kilometres",
        "How near a site counts as within reach.",
        (),
        ("access_did", "distance_curve"),
        False,
        "proximity",
    ),
    Option(
        "exposure_ages",
        "Ages at which access counts",
        "The first and the last, such as 0, 4, where the data say when people were born. Leave it empty where access"
        " counts from the opening on.",
        (),
        ("access_did",),
        False,
        "proximity",
    ),
    Option(
        "precision_km",
        "How far may a home be from the place given, kilometres?",
        "Such as 5 for the middle of a postcode district. A finer radius is refused. Leave it empty only where"
        " coordinates, postcodes or small areas say it themselves.",
        (),
        PROXIMITY_ESTIMATORS,
        False,
        "proximity",
    ),
    Option(
        "edges_km",
        "Edges of the rings, kilometres",
        "Nearest first; the outermost ring is the comparison.",
        (),
        ("ring_did", "distance_curve"),
        False,
        "proximity",
    ),
    Option(
        "anticipation",
        "Periods of anticipation",
        "How many periods before the start people may already have reacted.",
        (),
        COHORT_DESIGNS,
        True,
    ),
    Option(
        "base_period",
        "Earlier periods are compared with",
        "Of what came before the start only.",
        (("varying", "The period just before each"), ("universal", "The last period before the start")),
        ("callaway_santanna", "access_did"),
        True,
    ),
    Option(
        "unbalanced",
        "Units missing in some periods",
        "All are counted in the result.",
        (
            ("pairs", "Use each comparison they are in"),
            ("balanced", "Keep only complete units"),
            ("cross_sections", "Treat as repeated surveys"),
        ),
        ("callaway_santanna",),
        True,
    ),
    Option(
        "inference",
        "Inference",
        "With few treated or few clusters, choose one made for that.",
        (
            ("analytic", "Analytic"),
            ("bootstrap", "Bootstrap"),
            ("wild", "Wild bootstrap"),
            ("randomisation", "Randomisation"),
            ("placebo", "Placebo"),
            ("jackknife", "Jackknife"),
        ),
        (),
        True,
    ),
    Option("draws", "Draws", "For inference that draws at random.", (), (), True),
    Option("seed", "Seed", "The same seed gives the same digits.", (), (), True),
    Option("level", "Level of the interval", "Such as 0.95.", (), (), True),
    Option("conley_km", "Conley distance, kilometres", "Beyond it, places count as unrelated.", (), (), True),
    Option(
        "conley_kernel",
        "Conley kernel",
        "How places within that distance count.",
        (("uniform", "Every pair alike"), ("triangular", "Less, the farther apart")),
        (),
        True,
    ),
    Option(
        "donut_km",
        "Leave out, kilometres",
        "Rows nearer than this are left out.",
        (),
        ("ring_did", "access_did", "distance_curve"),
        True,
        "proximity",
    ),
)
WHOLE = ("anticipation", "draws", "seed")
REAL = ("level", "conley_km", "radius_km", "donut_km", "precision_km")
RESIDENCE = (
    ("dates", "The data say from when, or until when, each place was true"),
    ("held", "Take each to have lived at the place given for as long as it counts; the headline will say so"),
)
RESIDENCE_ROLES = ("location_from", "location_to")


class OptionsForm(forms.Form):
    """The options that matter to one design. Reads and writes the blocks of its spec."""

    def __init__(self, *args: Any, spec: Mapping[str, Any], sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spec = spec
        self.options = [each for each in OPTIONS if not each.of or spec["estimator"] in each.of]
        for each in self.options:
            self.fields[each.name] = _field(each, spec[each.block].get(each.name))
        if BY_ESTIMATOR[spec["estimator"]].method == "proximity":
            self._add_residence()
            self._add_sites(sites)

    def _add_residence(self) -> None:
        is_dated = any(self._spec["columns"].get(role) for role in RESIDENCE_ROLES)
        self.fields["residence"] = forms.ChoiceField(
            choices=RESIDENCE,
            initial="dates" if is_dated else "held",
            label="When was each address true?",
            help_text="A postcode at 16 says nothing of where someone lived at ages 0 to 4.",
            widget=forms.Select(attrs={"class": "govuk-select"}),
        )

    def clean_residence(self) -> str:
        """Dates need a column that holds them."""
        chosen = str(self.cleaned_data["residence"])
        if chosen == "dates" and not any(self._spec["columns"].get(role) for role in RESIDENCE_ROLES):
            raise forms.ValidationError(
                "No column says when each place was true. Give one the role “Lived there from” or “Lived there to”, or"
                " say that places are taken to have held"
            )
        return chosen

    def _add_sites(self, sites: list[tuple[str, str]]) -> None:
        self.fields["sites"] = forms.ChoiceField(
            choices=sites,
            required=False,
            label="File of sites",
            help_text="Not needed where the data already hold the distance and the dates.",
            widget=forms.Select(attrs={"class": "govuk-select"}),
        )
        for name in SiteColumns.__dataclass_fields__:
            self.fields[f"site_{name}"] = forms.CharField(
                required=False,
                label=f"Column of the sites' {name}",
                initial=self._spec["proximity"]["site_columns"][name] or "",
                widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10"}),
            )

    @property
    def plain(self) -> list[forms.BoundField]:
        """The questions everyone is asked."""
        names = [each.name for each in self.options if not each.advanced]
        first = [name for name in ("sites", "residence") if name in self.fields]
        return [self[name] for name in [*first, *names]]

    @property
    def advanced(self) -> list[forms.BoundField]:
        """The questions kept out of the way."""
        names = [each.name for each in self.options if each.advanced]
        return [self[name] for name in [*names, *(name for name in self.fields if name.startswith("site_"))]]

    def stated(self) -> dict[str, Any]:
        """The design's blocks with these options in place."""
        blocks: dict[str, Any] = {"options": dict(self._spec["options"]), "proximity": dict(self._spec["proximity"])}
        for each in self.options:
            blocks[each.block][each.name] = self.cleaned_data[each.name]
        if "sites" in self.fields:
            names = SiteColumns.__dataclass_fields__
            blocks["proximity"]["site_columns"] = {name: self.cleaned_data[f"site_{name}"] or None for name in names}
        if self.cleaned_data.get("residence") == "held":
            blocks["columns"] = {**self._spec["columns"], **dict.fromkeys(RESIDENCE_ROLES)}
        return blocks


class AgesField(forms.CharField):
    """A first and a last age, separated by a comma; nothing where ages do not matter."""

    def clean(self, value: Any) -> list[float] | None:
        """The ages as numbers."""
        text = super().clean(value)
        try:
            ages = [float(part) for part in text.split(",")] if text else None
        except ValueError:
            ages = []
        if ages is not None and (len(ages) != 2 or ages[0] > ages[1]):
            raise forms.ValidationError("Write the first and the last age with a comma between, such as 0, 4")
        return ages


class KilometresField(forms.CharField):
    """Distances in increasing order, separated by commas."""

    def clean(self, value: Any) -> list[float]:
        """The distances as numbers."""
        text = super().clean(value)
        try:
            return [float(part) for part in text.split(",")]
        except ValueError:
            raise forms.ValidationError("Write distances separated by commas, such as 0, 1, 2.5, 5") from None


def _field(option: Option, now: Any) -> forms.Field:
    said: dict[str, Any] = {"label": option.label, "help_text": option.hint}
    if option.name == "panel":
        return forms.TypedChoiceField(
            choices=option.choices,
            coerce=lambda value: value == "true",
            initial="true" if now else "false",
            widget=forms.Select(attrs={"class": "govuk-select"}),
            **said,
        )
    if option.choices:
        return forms.ChoiceField(
            choices=option.choices, initial=now, widget=forms.Select(attrs={"class": "govuk-select"}), **said
        )
    box = forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "inputmode": "decimal"})
    if option.name == "exposure_ages":
        return AgesField(initial=", ".join(f"{each:g}" for each in now or ()), required=False, widget=box, **said)
    if option.name == "edges_km":
        return KilometresField(initial=", ".join(f"{each:g}" for each in now), widget=box, **said)
    kind: type[forms.Field] = forms.IntegerField if option.name in WHOLE else forms.FloatField
    return kind(initial=now, required=option.name in (*WHOLE, "level", "radius_km"), widget=box, **said)
