"""A synthesis in words, with its forest plot; or, in words, why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.drawing import forest
from evidence.drawing.figures import Figure
from evidence.drawing.tables import CellValue, Column, Table, build_table
from evidence.estimates.pooling import NoSynthesis, Subgroups, Synthesis


@dataclass(frozen=True)
class ShownSynthesis:
    """What the page says of one outcome: a sentence first, then the numbers, then what they cannot show."""

    heading: str
    sentence: str
    number: str
    figure: Figure | None
    facts: tuple[tuple[str, str], ...]
    cautions: tuple[str, ...]
    left_out: tuple[str, ...]
    subgroups: tuple[Table, ...] = ()


def shown(
    heading: str, found: Synthesis | NoSynthesis, *, ident: str, subgroups: Iterable[Subgroups | None] = ()
) -> ShownSynthesis:
    """One outcome's synthesis, or its refusal, ready for the page."""
    left_out = tuple(f"{item.count} {item.reason}" for item in found.left_out)
    if isinstance(found, NoSynthesis):
        return ShownSynthesis(heading, found.message, "", None, (), (), left_out)
    return ShownSynthesis(
        heading=heading,
        sentence=_sentence(found),
        number=f"{_number(found.pooled.value)} {found.scale} ({_interval(found)})",
        figure=_figure(heading, found, ident),
        facts=tuple(_facts(found)),
        cautions=tuple(_cautions(found)),
        left_out=left_out,
        subgroups=tuple(_subgroup_table(heading, each) for each in subgroups if each is not None),
    )


def _subgroup_table(heading: str, subgroups: Subgroups) -> Table:
    """Each subgroup's average beside the others, or why it has none."""
    columns = [Column(subgroups.by, wide=True), Column("Studies"), Column("Average effect", wide=True)]
    rows: list[list[CellValue]] = []
    for value, found in subgroups.found.items():
        if isinstance(found, NoSynthesis):
            rows.append([value, "", found.message])
        else:
            words = f"{_number(found.pooled.value)} {found.scale} ({_interval(found)})"
            rows.append([value, str(found.n_studies), words])
    return build_table(f"{heading}, by {subgroups.by.lower()}", columns, rows)


def _sentence(found: Synthesis) -> str:
    headline = found.pooled.coefficients[0]
    studies = f"{found.n_studies} studies"
    if headline.ci_lower <= 0 <= headline.ci_upper:
        return f"Taken together, {studies} cannot say whether the average effect is above or below zero."
    way = "above" if headline.value > 0 else "below"
    sentence = f"Taken together, {studies} put the average effect {way} zero."
    lower, upper = found.pooled.prediction_lower, found.pooled.prediction_upper
    if lower is not None and upper is not None and lower <= 0 <= upper:
        sentence += " In a new place it could still be either way."
    return sentence


def _interval(found: Synthesis) -> str:
    headline = found.pooled.coefficients[0]
    return f"{found.pooled.level:.0%} interval {_number(headline.ci_lower)} to {_number(headline.ci_upper)}"


def _facts(found: Synthesis) -> Iterable[tuple[str, str]]:
    pooled = found.pooled
    if pooled.prediction_lower is not None and pooled.prediction_upper is not None:
        yield (
            "Where the effect in a new place would lie",
            (f"{_number(pooled.prediction_lower)} to {_number(pooled.prediction_upper)}"),
        )
    yield "Spread of true effects between studies (tau)", _number(pooled.tau2**0.5)
    yield "Share of the differences that is not chance (I²)", f"{pooled.i2:.0f}%"
    yield "By Paule and Mandel's method instead", _number(found.paule_mandel.value)
    if found.several_each:
        nested = found.several_each
        yield (
            "Allowing for several estimates from a study",
            (f"{_number(nested.value)} ({_number(nested.ci_lower)} to {_number(nested.ci_upper)})"),
        )
    if found.without_each:
        values = [each.value for each in found.without_each]
        yield "Leaving out one at a time", f"{_number(min(values))} to {_number(max(values))}"
    if found.filled:
        yield "Estimates that trim and fill finds missing", str(found.filled.n_missing)


def _cautions(found: Synthesis) -> Iterable[str]:
    if found.n_studies < 5:
        yield f"{found.n_studies} studies are few: the spread between places is hardly known."
    if found.pooled.i2 > 75:
        yield "The studies differ more than chance explains, so the average describes few of them."
    if found.asymmetry is None:
        yield "With fewer than ten estimates, nothing can be said of small studies that were never published."
    elif found.asymmetry.p_value < 0.1:
        yield "Small studies tell a different story from large ones; some may never have been published."


def _figure(heading: str, found: Synthesis, ident: str) -> Figure:
    rows = [
        forest.ForestRow(
            effect.label,
            effect.value,
            effect.value - 1.959964 * effect.std_error,
            effect.value + 1.959964 * effect.std_error,
            weight,
        )
        for effect, weight in zip(found.effects, found.pooled.weights, strict=True)
    ]
    headline = found.pooled.coefficients[0]
    pooled = forest.Pooled(
        headline.value,
        headline.ci_lower,
        headline.ci_upper,
        found.pooled.prediction_lower,
        found.pooled.prediction_upper,
    )
    return forest.forest_figure(rows, title=heading, measure=f"Effect, {found.scale}", pooled=pooled, ident=ident)


def _number(value: float) -> str:
    text = f"{value:.2f}" if abs(value) < 10 else f"{value:,.1f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.replace("-", "")
