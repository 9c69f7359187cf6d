"""One column at a time: text or typed values to labels with codes, or to numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluations.datasets.ingest_text import MISSING_WORDS
from evaluations.stats.results import Label
from evaluations.stats.table import Coded

MISSING = -1
"""The code of a row whose label is missing."""

FEWEST_IN_PATTERN = 1000
"""Rows from which a column is looked at for a pattern, and how many of them are looked at first."""

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.0*)?$")


def coded(column: pa.ChunkedArray, *, missing: Collection[str] = MISSING_WORDS, each: bool = False) -> Coded:
    """The column as sorted labels and codes, `MISSING` where empty. 2014, "2014" and 2014.0 are one label.

    Texts become whole numbers where all of them are; with `each`, those that are.
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        column, kind = pc.if_else(column, "True", "False"), pa.string()
    if pa.types.is_decimal(kind):
        column, kind = pc.cast(column, pa.float64()), pa.float64()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
        return _coded_in_runs(values, each) or _coded_in_cycles(values, each) or _coded_numbers(values, each)
    return _coded_text(column, missing, each)


def _coded_in_runs(values: np.ndarray, each: bool) -> Coded | None:
    """The codes of a column whose equal values stand together, as a panel's units do; null for other columns."""
    if len(values) < FEWEST_IN_PATTERN or len(_changes(values[:FEWEST_IN_PATTERN])) > FEWEST_IN_PATTERN // 2:
        return None
    starts = np.concatenate([[0], _changes(values)])
    lengths = np.diff(starts, append=len(values))
    found = _coded_numbers(values[starts], each)
    if (lengths == lengths[0]).all():
        return Coded(np.repeat(found.codes, lengths[0]), found.labels)
    return Coded(np.repeat(found.codes, lengths), found.labels)


def _changes(values: np.ndarray) -> np.ndarray:
    """The rows that hold another value than the row before, by their bits, so that empty equals empty."""
    bits = values.view(f"u{values.dtype.itemsize}")
    return np.flatnonzero(bits[1:] != bits[:-1]) + 1


def _coded_in_cycles(values: np.ndarray, each: bool) -> Coded | None:
    """The codes of a column that repeats its first rows again and again, as a panel's periods do; else null."""
    if len(values) < FEWEST_IN_PATTERN:
        return None
    n = int(np.argmax(values[1:FEWEST_IN_PATTERN] == values[0])) + 1
    if len(values) % n or not (values.reshape(-1, n) == values[:n]).all():
        return None
    found = _coded_numbers(values[:n], each)
    return Coded(np.tile(found.codes, len(values) // n), found.labels)


def _coded_numbers(values: np.ndarray, each: bool) -> Coded:
    if values.dtype.kind == "f":
        present = ~np.isnan(values)
        if np.isinf(values).any():
            return _coded_text(pa.chunked_array([pa.array([_plain(v) for v in values], pa.string())]), (), each)
        whole = values[present]
        if not (np.all(whole == np.rint(whole)) and np.all(np.abs(whole) < 2**53)):
            return _coded_array(values, present)
        values = np.where(present, values, 0).astype(np.int64)
    else:
        present = np.ones(len(values), dtype=bool)
        if values.dtype == np.uint64 and len(values) and values.max() > np.iinfo(np.int64).max:
            return _coded_array(values, present)
        values = values.astype(np.int64, copy=False)
    return _coded_integers(values, present)


def _coded_integers(values: np.ndarray, present: np.ndarray) -> Coded:
    """Integer labels, without a sort where their range is not much wider than their number."""
    known = values if present.all() else values[present]
    if not len(known):
        return Coded(np.full(len(values), MISSING, dtype=np.int32), ())
    low, high = int(known.min()), int(known.max())
    if high - low > 4 * len(known) + 1_000_000:
        return _coded_array(values, present)
    seen = np.zeros(high - low + 1, dtype=bool)
    seen[known - low] = True
    rank = np.cumsum(seen, dtype=np.int32) - 1
    if known is values:
        codes = rank[values - low]
    else:
        codes = np.full(len(values), MISSING, dtype=np.int32)
        codes[present] = rank[known - low]
    return Coded(codes.astype(np.int32, copy=False), tuple((np.flatnonzero(seen) + low).tolist()))


def _coded_array(values: np.ndarray, present: np.ndarray) -> Coded:
    labels, inverse = np.unique(values[present], return_inverse=True)
    codes = np.full(len(values), MISSING, dtype=np.int32)
    codes[present] = inverse
    return Coded(codes, tuple(labels.tolist()))


def _plain(value: float) -> str | None:
    if np.isnan(value):
        return None
    return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)


def _coded_text(column: pa.ChunkedArray, missing: Collection[str], each: bool) -> Coded:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    merged = column.unify_dictionaries().combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(merged, pa.ChunkedArray):
        merged = merged.chunk(0) if merged.num_chunks else pa.array([], column.type)
    texts = pc.utf8_trim_whitespace(_as_text(merged.dictionary))
    kept = [None if text is None or text in missing or not text else text for text in texts.to_pylist()]
    names = _whole_numbers(kept, each)
    labels = sorted({name for name in names if name is not None}, key=lambda name: (isinstance(name, str), name))
    place = {label: code for code, label in enumerate(labels)}
    rank = np.array([MISSING if name is None else place[name] for name in names] + [MISSING], dtype=np.int32)
    indices = pc.fill_null(merged.indices, len(names)).to_numpy(zero_copy_only=False)
    return Coded(rank[indices], tuple(labels))


def _as_text(values: pa.Array) -> pa.Array:
    """Labels of any type as the text a person would type: dates as 2020-01-31."""
    if pa.types.is_timestamp(values.type):
        days = pc.cast(values, pa.date32(), safe=False)
        if pc.all(pc.equal(pc.cast(days, values.type), values)).as_py() is not False:
            values = days
    return values if pa.types.is_string(values.type) else pc.cast(values, pa.string())


def _whole_numbers(texts: list[str | None], each: bool) -> list[Any]:
    """The texts as whole numbers, written 2014 or 2014.0, where every one (or, with `each`, this one) is one."""
    whole = [text is None or bool(_WHOLE.match(text)) for text in texts]
    if not each and not all(whole):
        return list(texts)
    return [int(text.partition(".")[0]) if text and is_one else text for text, is_one in zip(texts, whole, strict=True)]


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, float64, NaN where empty; `bad` are the rows whose text is no number."""

    values: np.ndarray
    bad: np.ndarray
    texts: tuple[str, ...] = ()


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|infinity)", re.IGNORECASE)
NONE_BAD = np.zeros(0, dtype=np.int64)


def numbers(column: pa.ChunkedArray) -> Numbers:
    """The column as numbers, with the rows that are none."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        if not pa.types.is_float64(kind):
            column = pc.cast(column, pa.float64(), safe=False)
        return Numbers(column.to_numpy(), NONE_BAD)
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return Numbers(pc.cast(pc.cast(column, pa.int8()), pa.float64()).to_numpy(), NONE_BAD)
    return _parsed(column)


def _parsed(column: pa.ChunkedArray) -> Numbers:
    if pa.types.is_string(column.type):
        try:
            return Numbers(pc.cast(column, pa.float64()).to_numpy(), NONE_BAD)
        except pa.ArrowInvalid:
            pass
    return _parsed_each(column, parse_number)


def _parsed_each(column: pa.ChunkedArray, parse: Callable[[str], float | None]) -> Numbers:
    """Each distinct text parsed once."""
    labels = coded_exactly(column)
    parsed = [parse(str(text)) for text in labels.labels]
    table = np.array([np.nan if value is None else value for value in parsed] + [np.nan])
    wrong = np.array([value is None for value in parsed] + [False])
    bad = np.flatnonzero(wrong[labels.codes])
    return Numbers(table[labels.codes], bad, tuple(str(labels.labels[labels.codes[row]]) for row in bad[:1000]))


def coded_exactly(column: pa.ChunkedArray) -> Coded:
    """The column's distinct texts, in no order that matters, trimmed, each as it is written."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    merged = column.unify_dictionaries().combine_chunks()
    if isinstance(merged, pa.ChunkedArray):
        merged = merged.chunk(0) if merged.num_chunks else pa.array([], column.type)
    texts = pc.utf8_trim_whitespace(_as_text(merged.dictionary)).to_pylist()
    indices = pc.fill_null(merged.indices, len(texts)).to_numpy(zero_copy_only=False)
    codes = np.append(np.arange(len(texts), dtype=np.int32), MISSING).astype(np.int32)
    return Coded(codes[indices], tuple(texts))


def parse_number(text: str) -> float | None:
    """The number that a text is; NaN where it stands for an empty cell, null where it is no number."""
    if text in MISSING_WORDS:
        return float("nan")
    return float(text) if _NUMBER.fullmatch(text) else None


TRUTH = {"true": 1.0, "false": 0.0}


def zero_one(column: pa.ChunkedArray) -> Numbers:
    """The column as numbers, with true and false read as 1 and 0."""
    read = numbers(column)
    return _parsed_each(column, _truth_or_number) if len(read.bad) else read


def _truth_or_number(text: str) -> float | None:
    return TRUTH.get(text.lower(), parse_number(text))


def label_of(column: Coded, row: int) -> Label | None:
    """The label of one row, null where it is missing."""
    code = int(column.codes[row])
    return None if code == MISSING else column.labels[code]
