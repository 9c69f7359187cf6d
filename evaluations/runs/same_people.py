"""Whether two data sets are of the same people, told from keyed hashes of a few hundred of their unit ids.

Of all ids only the smallest hashes are kept, a sketch from which the share two sets have in common can be told
(Broder 1997, On the resemblance and containment of documents). The key is the site's own, so that nobody who reads
the sketch can try ids against it. Plain numbers in a row, 1, 2, 3 ..., mean other people in every file and give none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings

KEPT = 512
SHARE_OF_THE_SAME = 0.1
LEAST_IN_COMMON = 5
SPARSE = 10
"""Whole numbers count as mere numbering where fewer than one in so many of those between the ends is missing."""
BYTES = 6


def marks_of_units(path: Path, column: str) -> tuple[int, ...]:
    """The smallest keyed hashes of the ids in a column of a Parquet file; none where ids are mere numbering."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    ids = pc.unique(pq.read_table(path, columns=[column])[column]).to_pylist()
    return marks(each for each in ids if each is not None)


def marks(ids: Iterable[object]) -> tuple[int, ...]:
    """The smallest keyed hashes of the ids; none where they are mere numbering."""
    labels = sorted({_label(each) for each in ids})
    if _is_numbering(labels):
        return ()
    key = hashlib.sha256(f"unit ids {settings.SECRET_KEY}".encode()).digest()
    hashed = {int.from_bytes(hashlib.blake2b(each.encode(), key=key, digest_size=BYTES).digest()) for each in labels}
    return tuple(sorted(hashed)[:KEPT])


def _label(each: object) -> str:
    if isinstance(each, float) and each.is_integer():
        return str(int(each))
    return str(each).strip()


def _is_numbering(labels: Sequence[str]) -> bool:
    if not labels or not all(each.isascii() and each.isdigit() for each in labels):
        return not labels
    numbers = [int(each) for each in labels]
    return max(numbers) - min(numbers) < SPARSE * len(numbers)


def are_the_same_people(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether a tenth of the smaller set, and at least five ids, are in the larger too, as far as the marks tell."""
    seen = min(_seen_below(one), _seen_below(other))
    first, second = ({mark for mark in marks if mark < seen} for marks in (one, other))
    common = len(first & second)
    return common >= LEAST_IN_COMMON and common >= SHARE_OF_THE_SAME * min(len(first), len(second))


def _seen_below(marks: Sequence[int]) -> int:
    """Below this every id of the set left its mark."""
    return marks[-1] + 1 if len(marks) == KEPT else 1 << (8 * BYTES)
