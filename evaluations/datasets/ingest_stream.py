"""Large Parquet panels, read a block of units at a time: only those laid out so that nothing has to be sorted.

Such a file has a row for every unit in every period, a unit's rows together and in the order of
the periods, units in ascending order, and numbers throughout. Any other file is read whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.ingest_raw import RawTable
from evaluations.stats.blocks import BLOCK_UNITS
from evaluations.stats.spec import Spec

STREAM_FROM_ROWS = 5_000_000
"""Rows from which a panel is read block by block; smaller files are read whole, with every check."""

ROLES = ("unit", "period", "outcome", "first_treated")


def never(kind: np.dtype) -> float | int:
    """What stands for an empty cell of first_treated while a file is read."""
    return int(np.iinfo(kind).min) if np.issubdtype(kind, np.integer) else -np.inf


Columns = list[np.ndarray]


class Irregular(Exception):
    """The file is not laid out as it began: it has to be read whole."""


@dataclass(frozen=True)
class Units:
    """Some units: `outcome`, shape (n_units, n_periods), and the raw first_treated of each, shape (n_units,)."""

    outcome: np.ndarray
    first_treated: np.ndarray


@dataclass(frozen=True)
class PanelFile:
    """A Parquet file that begins as a whole, ordered panel. `names` are its columns, in the order of `ROLES`."""

    path: Path
    names: tuple[str, ...]
    periods: pa.Array
    n_units: int

    @property
    def n_periods(self) -> int:
        """How many periods there are."""
        return len(self.periods)

    @property
    def n_blocks(self) -> int:
        """How many blocks of `BLOCK_UNITS` units there are."""
        return -(-self.n_units // BLOCK_UNITS)

    def row_groups(self, first: int, last: int) -> str:
        """The file's row groups that hold blocks `first` to `last` (left out), as "first-last"."""
        size = BLOCK_UNITS * self.n_periods
        groups = _groups_between(
            pq.ParquetFile(self.path), first * size, min(last * size, self.n_units * self.n_periods)
        )
        return f"{groups[0]}-{groups[-1]}"

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[Columns]:
        """Blocks `first` to `last` (left out) of `BLOCK_UNITS` units, each yet to be `checked`.

        Raises `Irregular` where the layout breaks between blocks.
        """
        stop = self.n_units if last is None else min(last * BLOCK_UNITS, self.n_units)
        size, before = BLOCK_UNITS * self.n_periods, None
        for columns in self._rows(first * size, stop * self.n_periods, size):
            unit = columns[0]
            if before is not None and unit[0] <= before:
                raise Irregular
            before = unit[-1]
            yield columns

    def checked(self, columns: Columns) -> Units:
        """The units of a block. Raises `Irregular` where its layout breaks. Outcomes may be NaN or infinite."""
        unit, period, outcome, starts = columns
        n = self.n_periods
        if not np.array_equal(period, np.tile(self.periods.to_numpy(), len(period) // n)):
            raise Irregular
        if _changes_within(unit, n) or _changes_within(starts, n) or (np.diff(unit[::n]) <= 0).any():
            raise Irregular
        return Units(outcome.reshape(-1, n), starts[::n])

    def _rows(self, start: int, stop: int, size: int) -> Iterator[Columns]:
        """The four columns from row `start` to `stop`, `size` rows at a time."""
        left = stop - start
        held: list[Columns] = []
        for columns in self._batches(start, stop, size):
            place, n_rows, n_held = 0, len(columns[0]), sum(len(part[0]) for part in held)
            while n_held + n_rows - place >= (wanted := min(size, left)) > 0:
                end = place + wanted - n_held
                held.append([column[place:end] for column in columns])
                yield [np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in zip(*held, strict=True)]
                held, n_held, place, left = [], 0, end, left - wanted
            if place < n_rows:
                held.append([column[place:] for column in columns])

    def _batches(self, start: int, stop: int, size: int) -> Iterator[Columns]:
        file = pq.ParquetFile(self.path)
        groups = _groups_between(file, start, stop)
        skip = start - sum(file.metadata.row_group(group).num_rows for group in range(groups[0])) if groups else 0
        left = stop - start
        for batch in _decoded(file, groups, self.names, 4 * size):
            if skip >= batch.num_rows:
                skip -= batch.num_rows
                continue
            batch, skip = batch.slice(skip, left), 0
            left -= batch.num_rows
            yield [_plain(batch[name], role) for name, role in zip(self.names, ROLES, strict=True)]

    def labels_table(self, values: np.ndarray) -> RawTable:
        """A small file with a unit for each raw value of first_treated, to be checked as any file is."""
        n, n_periods = len(values), self.n_periods
        missing = values == never(values.dtype)
        columns = (
            pa.array(np.repeat(np.arange(n), n_periods)),
            pa.concat_arrays([self.periods] * n),
            pa.array(np.tile(np.arange(n_periods, dtype=float), n)),
            pa.array(np.repeat(values, n_periods), mask=np.repeat(missing, n_periods)),
        )
        data = pa.table(dict(zip(self.names, columns, strict=True)))
        return RawTable(data, self.names)


def _decoded(file: pq.ParquetFile, groups: list[int], names: tuple[str, ...], size: int) -> Iterator[pa.RecordBatch]:
    """The row groups' columns, group by group: asked for together, all would be read before the first is decoded."""
    for group in groups:
        yield from file.iter_batches(batch_size=size, row_groups=[group], columns=list(names), use_threads=True)


def _changes_within(column: np.ndarray, n_periods: int) -> bool:
    """Whether a column changes anywhere but between units."""
    changes = column[1:] != column[:-1]
    changes[n_periods - 1 :: n_periods] = False
    return bool(changes.any())


def _groups_between(file: pq.ParquetFile, start: int, stop: int) -> list[int]:
    """The row groups that hold rows `start` to `stop` (left out)."""
    sizes = np.array([file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)])
    ends = np.cumsum(sizes)
    return np.flatnonzero((ends > start) & (ends - sizes < stop)).tolist()


def panel_file(path: Path, spec: Spec) -> PanelFile | None:
    """The file as a panel to be read by blocks; null where the file or the design needs it whole."""
    names = tuple(getattr(spec.columns, role) for role in ROLES)
    if not _suits(spec) or None in names or len(set(names)) < len(names):
        return None
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError):
        return None
    schema, n_rows = file.schema_arrow, file.metadata.num_rows
    if n_rows < STREAM_FROM_ROWS or LINE_COLUMN in schema.names or any(schema.names.count(n) != 1 for n in names):
        return None
    kinds = [schema.field(name).type for name in names]
    if not pa.types.is_integer(kinds[0]) or not all(_is_number(kind) for kind in kinds[1:]):
        return None
    return _begun(path, names, file, n_rows)


def _begun(path: Path, names: tuple[str, ...], file: pq.ParquetFile, n_rows: int) -> PanelFile | None:
    """The panel whose periods are those of the file's first unit."""
    start = next(file.iter_batches(batch_size=10_000, columns=list(names[:2])))
    unit = start[names[0]].to_numpy(zero_copy_only=False)
    n_periods = int(np.argmax(unit != unit[0])) if (unit != unit[0]).any() else 0
    periods = start[names[1]].slice(0, n_periods)
    values = periods.to_numpy(zero_copy_only=False)
    if n_periods < 2 or n_rows % n_periods or periods.null_count or (np.diff(values) <= 0).any():
        return None
    return PanelFile(path, names, periods, n_rows // n_periods)


def _suits(spec: Spec) -> bool:
    """Only cohort means are asked for: no other role is played, and nothing is drawn again."""
    played = set(spec.columns.named())
    return (
        (spec.method, spec.estimator) == ("did", "callaway_santanna")
        and played == set(ROLES)
        and spec.options.panel
        and spec.options.unbalanced != "cross_sections"
        and spec.options.inference == "analytic"
        and spec.options.std_errors in ("auto", "cluster")
    )


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _plain(column: pa.Array, role: str) -> np.ndarray:
    """The column as an array; an empty first_treated becomes `never`, any other empty cell breaks the layout."""
    if role == "first_treated":
        if pa.types.is_integer(column.type):
            if column.null_count:
                column = column.fill_null(never(np.dtype(column.type.to_pandas_dtype())))
            return column.to_numpy(zero_copy_only=False)
        return _without_nan(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    if column.null_count:
        raise Irregular
    if role == "outcome":
        column = column.cast(pa.float64())
    return column.to_numpy(zero_copy_only=False)


def _without_nan(values: np.ndarray) -> np.ndarray:
    """Numbers that compare equal to themselves: an empty cell as -infinity. Infinity itself is for the whole check."""
    if np.isinf(values).any():
        raise Irregular
    return np.where(np.isnan(values), never(values.dtype), values)
