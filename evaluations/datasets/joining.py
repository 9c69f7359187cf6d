"""Joins two tables on an opaque id, and says what the join would lose. Nothing is joined while an id is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluations.datasets.ingest_parquet import LINE_COLUMN, line_of
from evaluations.datasets.ingest_raw import SHOWN_PER_KIND, Problems
from evaluations.stats.issues import BadInput, Issue

MOST_ROWS = 5_000_000
"""Rows of both files together above which they are to be joined before they are uploaded."""
LISTED = SHOWN_PER_KIND
KINDS = {
    "outcomes": "Every row of outcomes, whether the person is in the participation file or not",
    "both": "Only those found in both files",
    "participation": "Every row of participation, with outcomes where there are any",
    "all": "Every row of both files",
}
IN_PARTICIPATION = "in_participation"
"""The column that says whether a row's id stands in the participation file, 1 or 0."""


@dataclass(frozen=True)
class Side:
    """One file to join: what it is called in messages, its rows, and which column holds the id."""

    what: str
    data: pa.Table
    id_column: str

    def line(self, row: int) -> int:
        """The line of the file that was uploaded."""
        return line_of(self.data, row)


@dataclass(frozen=True)
class Choices:
    """How two files are joined. `digits` above 0 puts zeros in front of shorter ids, up to so many signs."""

    kind: str = "outcomes"
    ignore_case: bool = False
    digits: int = 0


@dataclass(frozen=True, eq=False)
class Matched:
    """Which rows belong together. Codes number the ids of both files, -1 where a row has none."""

    left: np.ndarray
    right: np.ndarray
    n_ids: int

    @property
    def in_left(self) -> np.ndarray:
        """How often each id stands in the first file."""
        return np.bincount(self.left[self.left >= 0], minlength=self.n_ids)

    @property
    def in_right(self) -> np.ndarray:
        """How often each id stands in the second file."""
        return np.bincount(self.right[self.right >= 0], minlength=self.n_ids)


def match_ids(participation: Side, outcomes: Side, choices: Choices) -> Matched:
    """Which rows of the two files belong together. Raises `BadInput` with every id that is in doubt."""
    problems = Problems()
    if participation.data.num_rows + outcomes.data.num_rows > MOST_ROWS:
        what = f"The two files have more than {MOST_ROWS:,} rows together."
        raise BadInput([Issue("join_too_large", what, "Join them before you upload, or leave out rows not needed.")])
    written = [_written(side, problems) for side in (participation, outcomes)]
    problems.stop_if_any()
    plain = [_plain(texts, choices) for texts in written]
    for side, texts, ids in zip((participation, outcomes), written, plain, strict=True):
        _check_alike(side, texts, ids, problems)
    known = pc.unique(pa.chunked_array([plain[0], plain[1]])).drop_null()
    nothing = f"No id of {participation.id_column} stands in {outcomes.id_column}: nothing can be joined."
    cure = "Choose the columns that hold the same ids. If both were made opaque, check that one secret was used."
    if not len(known):
        raise BadInput([Issue("no_ids_matched", nothing, cure)])
    left, right = (_codes(ids, known) for ids in plain)
    matched = Matched(left, right, len(known))
    _check_near_misses(participation, outcomes, plain, matched, choices, problems)
    _check_repeats(participation, outcomes, known, matched, problems)
    problems.stop_if_any()
    if not np.any((matched.in_left > 0) & (matched.in_right > 0)):
        raise BadInput([Issue("no_ids_matched", nothing, cure)])
    return matched


def _codes(ids: pa.Array, known: pa.Array) -> np.ndarray:
    return pc.fill_null(pc.index_in(ids, value_set=known, skip_nulls=True), -1).to_numpy(zero_copy_only=False)


def _written(side: Side, problems: Problems) -> pa.Array:
    """The ids as texts, null where empty. Notes numbers that a spreadsheet has rounded."""
    column = side.data[side.id_column].combine_chunks()
    if pa.types.is_floating(column.type):
        values = column.to_numpy(zero_copy_only=False)
        known = np.isfinite(values)
        broken = known & ((values != np.rint(values)) | (np.abs(values) >= 2**53))
        _note_rounded(side, np.flatnonzero(broken), problems)
        column = pc.cast(pa.array(np.where(known & ~broken, values, 0).astype(np.int64), mask=~known), pa.string())
    elif not pa.types.is_string(column.type):
        column = pc.cast(column, pa.string())
    else:
        _note_rounded(side, _rows_where(pc.match_substring_regex(column, r"^\s*\d(\.\d+)?[eE]\+\d+\s*$")), problems)
    empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)
    return pc.if_else(pc.fill_null(empty, True), pa.scalar(None, pa.string()), column)


def _rows_where(mask: pa.Array) -> np.ndarray:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))


def _note_rounded(side: Side, rows: np.ndarray, problems: Problems) -> None:
    for row in rows[:LISTED]:
        problems.add(
            "id_rounded",
            f"{side.what}, row {side.line(row)}: the id was turned into a rounded number by a spreadsheet.",
            "Make the file again with the column of ids set to text before anything is pasted into it.",
            row=side.line(row),
            column=side.id_column,
        )
    problems.count_more("id_rounded", side.id_column, max(len(rows) - LISTED, 0))


def _plain(texts: pa.Array, choices: Choices) -> pa.Array:
    """The ids as they are compared: spaces and capitals levelled, zeros put in front, where that was chosen."""
    if choices.ignore_case:
        texts = pc.utf8_lower(pc.replace_substring_regex(texts, r"\s+", ""))
    if choices.digits:
        numeric = pc.match_substring_regex(texts, r"^\d+$")
        texts = pc.if_else(numeric, pc.utf8_lpad(texts, choices.digits, "0"), texts)
    return texts


def _check_alike(side: Side, texts: pa.Array, ids: pa.Array, problems: Problems) -> None:
    """Note ids that are written in two ways and become one by the choices made."""
    if texts is ids:
        return
    ways, plain = pc.unique(texts).drop_null(), pc.unique(ids).drop_null()
    if len(ways) == len(plain):
        return
    both = pa.table({"written": texts, "plain": ids}).group_by("plain").aggregate([("written", "count_distinct")])
    doubtful = both.filter(pc.greater(both["written_count_distinct"], 1))["plain"].combine_chunks()
    rows = _rows_where(pc.and_(pc.is_in(ids, value_set=doubtful), pc.is_valid(ids)))
    for row in rows[:LISTED]:
        problems.add(
            "ids_alike",
            f"{side.what}, row {side.line(row)}: this id is written in more than one way in the file, and so may "
            "be one person or two.",
            "Write each id in one way, or do not ignore spaces, capitals and zeros.",
            row=side.line(row),
            column=side.id_column,
        )
    problems.count_more("ids_alike", side.id_column, max(len(rows) - LISTED, 0))


NEAR_MISSES: tuple[tuple[str, str, str, Callable[[pa.Array], pa.Array]], ...] = (
    (
        "ids_differ_in_case",
        "spaces or capitals",
        "Choose to ignore spaces and capitals, or write the ids alike in both files.",
        lambda ids: pc.utf8_lower(pc.replace_substring_regex(ids, r"\s+", "")),
    ),
    (
        "ids_lost_zeros",
        "zeros in front, which spreadsheets take off",
        "Choose to put the zeros back, or set the column to text and make the file again.",
        lambda ids: pc.if_else(
            pc.match_substring_regex(ids, r"^\s*0*\d+\s*$"),
            pc.replace_substring_regex(pc.utf8_trim_whitespace(ids), r"^0+(\d)", r"\1"),
            ids,
        ),
    ),
)


def _check_near_misses(
    participation: Side, outcomes: Side, plain: list[pa.Array], matched: Matched, choices: Choices, problems: Problems
) -> None:
    """Note ids of one file that are not in the other but for spaces, capitals or lost zeros."""
    lost = (matched.left >= 0) & (matched.in_right[matched.left] == 0)
    if not lost.any():
        return
    unmatched = plain[0].filter(pa.array(lost))
    rows = np.flatnonzero(lost)
    alone = pc.unique(plain[1].filter(pa.array((matched.right >= 0) & (matched.in_left[matched.right] == 0))))
    for code, what, cure, folded in NEAR_MISSES:
        found = _rows_where(pc.is_in(folded(unmatched), value_set=pc.unique(folded(alone)), skip_nulls=True))
        for place in found[:LISTED]:
            line = participation.line(rows[place])
            problems.add(
                code,
                f"{participation.what}, row {line}: this id is not in {outcomes.id_column} of the other file, but one "
                f"is that differs only in {what}.",
                cure + (f" They have up to {_longest(alone)} signs." if code == "ids_lost_zeros" else ""),
                row=line,
                column=participation.id_column,
            )
        problems.count_more(code, participation.id_column, max(len(found) - LISTED, 0))
        if len(found):
            return


def _longest(ids: pa.Array) -> int:
    return int(pc.max(pc.utf8_length(ids)).as_py() or 0)


def _check_repeats(participation: Side, outcomes: Side, known: pa.Array, matched: Matched, problems: Problems) -> None:
    """Note ids that repeat in both files, whose rows would be multiplied."""
    both = np.flatnonzero((matched.in_left > 1) & (matched.in_right > 1))
    if not len(both):
        return
    first = first_rows(matched.right, matched.n_ids)
    for row in np.flatnonzero(np.isin(matched.left, both))[:LISTED]:
        code = matched.left[row]
        problems.add(
            "id_repeats_on_both_sides",
            f"{participation.what}, row {participation.line(row)}: this id stands in {matched.in_left[code]} rows here "
            f"and in {matched.in_right[code]} of the other file, from row {outcomes.line(first[code])}; "
            "which row belongs to which cannot be told.",
            "Keep one row for each id in one of the files: in participation, usually the first start.",
            row=participation.line(row),
            column=participation.id_column,
        )
    n_rows = int(np.isin(matched.left, both).sum())
    problems.count_more("id_repeats_on_both_sides", participation.id_column, max(n_rows - LISTED, 0))


def first_rows(codes: np.ndarray, n_ids: int) -> np.ndarray:
    """The first row of each id, -1 where it has none."""
    first = np.full(n_ids, -1, dtype=np.int64)
    rows = np.flatnonzero(codes >= 0)[::-1]
    first[codes[rows]] = rows
    return first


def joined_table(participation: Side, outcomes: Side, matched: Matched, choices: Choices) -> pa.Table:
    """The rows of both files side by side: the outcomes' columns first, then those of participation.

    Rows keep the order of the outcomes; those of participation alone come last. A column of both is
    called `..._participation` where it comes from there. Line numbers are left out.
    """
    pairs = _pairs(matched, choices.kind)
    left, right = participation.data, outcomes.data
    columns: dict[str, pa.ChunkedArray] = {}
    for name in right.column_names:
        if name not in (LINE_COLUMN, outcomes.id_column):
            columns[name] = right[name].take(pairs.right)
    ids = right[outcomes.id_column].take(pairs.right)
    others = left[participation.id_column].take(pairs.left)
    if ids.type != others.type:
        ids, others = pc.cast(ids, pa.string()), pc.cast(others, pa.string())
    columns = {outcomes.id_column: pc.coalesce(ids, others), **columns}
    for name in left.column_names:
        if name not in (LINE_COLUMN, participation.id_column):
            columns[_unused(name, columns)] = left[name].take(pairs.left)
    flag = pc.cast(pc.is_valid(pairs.left), pa.int64())
    columns[_unused(IN_PARTICIPATION, columns)] = pa.chunked_array([flag])
    return pa.table(columns)


def _unused(name: str, columns: dict[str, pa.ChunkedArray]) -> str:
    while name in columns:
        name = f"{name}_participation"
    return name


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Row numbers of both files for each row of the join; null where the file has none."""

    left: pa.Array
    right: pa.Array


def _pairs(matched: Matched, kind: str) -> _Pairs:
    """Rows that belong together, in the order of the outcomes, with the lone rows that `kind` keeps."""
    order = np.argsort(matched.left, kind="stable")
    order = order[np.searchsorted(matched.left[order], 0) :]
    n_left, n_right = matched.in_left, matched.in_right
    start = np.concatenate([[0], np.cumsum(n_left)])
    has_id = matched.right >= 0
    partners = np.where(has_id, n_left[matched.right], 0)
    keep_alone = kind in ("outcomes", "all")
    repeats = np.maximum(partners, 1) if keep_alone else partners
    right = np.repeat(np.arange(len(matched.right)), repeats)
    within = np.arange(len(right)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    is_pair = partners[right] > 0
    left = np.full(len(right), -1, dtype=np.int64)
    left[is_pair] = order[start[matched.right[right[is_pair]]] + within[is_pair]]
    if kind in ("participation", "all"):
        alone = np.flatnonzero((matched.left < 0) | (n_right[matched.left] == 0))
        left = np.concatenate([left, alone])
        right = np.concatenate([right, np.full(len(alone), -1)])
    return _Pairs(pa.array(left, mask=left < 0), pa.array(right, mask=right < 0))
