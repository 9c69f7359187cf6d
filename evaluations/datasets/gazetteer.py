"""Where postcodes, postcode districts and small areas are.

Codes are kept as numbers, never as text: a lookup is a search among sorted numbers, and no
postcode can be read in a file, a log or a database. Places are points; how far a home may be from
the point is the precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree

from evaluations.stats.proximity.distances import arc_km, cartesian_km

LONGEST_CODE = 12
"""Letters and digits of a code; 37 ** 12 still fits 64 bits."""
NO_CODE = -1
POSTCODE = r"^[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}$"

PRECISION_KM = {"postcode": 0.1, "small_area": 1.0, "district": 5.0}
"""How far a home typically is from the point its code stands for, at the least."""


@dataclass(frozen=True)
class Gazetteer:
    """Codes of one kind with their points, sorted by code; degrees, NaN where a code has no point.

    `is_terminated` marks postcodes no longer in use. `figures` are what else is known of each code, by name.
    """

    kind: str
    codes: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    is_terminated: np.ndarray
    figures: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.codes)

    def find(self, codes: np.ndarray) -> np.ndarray:
        """The position of each packed code, -1 where it is not here."""
        if not len(self.codes):
            return np.full(len(codes), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[place] == codes, place, -1)

    def precision_km(self, positions: np.ndarray) -> float:
        """How precisely codes at `positions` place a home; where codes are sparse, half the way to the next."""
        least = PRECISION_KM[self.kind]
        located = np.flatnonzero(np.isfinite(self.latitude))
        used = np.unique(positions[np.isfinite(self.latitude[positions])])
        if self.kind == "postcode" or len(located) < 2 or not len(used):
            return least
        points = cartesian_km(self.latitude, self.longitude)
        chord, _ = cKDTree(points[located]).query(points[used], k=2)
        return max(least, round(float(np.quantile(arc_km(chord[:, 1]) / 2, 0.75)), 1))


def nothing_of(kind: str) -> Gazetteer:
    """A gazetteer without a code."""
    return Gazetteer(kind, np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, bool))


class Known(NamedTuple):
    """Points that are surely on land: degrees, shape (n_known,)."""

    latitude: np.ndarray
    longitude: np.ndarray


@dataclass(frozen=True)
class AreaFigures:
    """Figures on areas, shape (n_areas, n_names); `rows` finds an area by its code or its name, in lower case."""

    names: tuple[str, ...]
    rows: Mapping[str, int]
    values: np.ndarray
    credit: str = ""


@dataclass(frozen=True)
class Places:
    """What is known of where codes are, by kind, and figures on larger areas."""

    postcode: Gazetteer = field(default_factory=lambda: nothing_of("postcode"))
    district: Gazetteer = field(default_factory=lambda: nothing_of("district"))
    small_area: Gazetteer = field(default_factory=lambda: nothing_of("small_area"))
    larger: AreaFigures | None = None

    def of(self, kind: str) -> Gazetteer:
        """The gazetteer of a kind: postcode, district or small_area."""
        return {"postcode": self.postcode, "district": self.district, "small_area": self.small_area}[kind]


def gazetteer(
    kind: str,
    codes: np.ndarray,
    latitude: np.ndarray,
    longitude: np.ndarray,
    is_terminated: np.ndarray | None = None,
    figures: Mapping[str, np.ndarray] | None = None,
) -> Gazetteer:
    """A gazetteer of packed codes; where one appears twice, the one in use, else the first, stands."""
    ended = np.zeros(len(codes), bool) if is_terminated is None else is_terminated
    known = np.flatnonzero(codes != NO_CODE)
    order = known[np.lexsort((known, ended[known], codes[known]))]
    first = order[np.diff(codes[order], prepend=NO_CODE) != 0]
    known_of = {name: values[first] for name, values in (figures or {}).items()}
    return Gazetteer(kind, codes[first], latitude[first], longitude[first], ended[first], known_of)


def packed(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Codes as numbers, shape (n,), int64: upper case, letters and digits only; -1 for none, or one too long."""
    return pack_plain(plain(texts))


def plain(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Codes in upper case without spaces or punctuation, "" for none."""
    texts = pc.fill_null(pc.cast(texts, pa.string()), "")
    return pc.replace_substring_regex(pc.utf8_upper(texts), "[^A-Z0-9]", "")


def pack_plain(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """`packed`, of texts that are `plain` already."""
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False) if len(texts) else np.zeros(0, int)
    fits = (lengths > 0) & (lengths <= LONGEST_CODE)
    letters = np.asarray(texts.to_numpy(zero_copy_only=False), dtype=f"S{LONGEST_CODE}")
    bytes_ = letters.view(np.uint8).reshape(len(letters), LONGEST_CODE).astype(np.int64)
    digits = np.where(bytes_ >= ord("A"), bytes_ - ord("A") + 11, np.where(bytes_ > 0, bytes_ - ord("0") + 1, 0))
    total = np.zeros(len(letters), dtype=np.int64)
    for column in digits.T:
        total = total * 37 + column
    return np.where(fits, total, NO_CODE)


def is_postcode(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Which `plain` texts have the shape of a full postcode, bool."""
    return pc.match_substring_regex(texts, POSTCODE).to_numpy(zero_copy_only=False).astype(bool)


def district_of(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The district of `plain` full postcodes: all but the last three characters."""
    return pc.utf8_slice_codeunits(texts, 0, -3)


def averaged(kind: str, texts: pa.Array | pa.ChunkedArray, latitude: np.ndarray, longitude: np.ndarray) -> Gazetteer:
    """A gazetteer of areas, each at the mean of the points that lie in it; `texts` are plain codes."""
    codes = pack_plain(texts)
    used = (codes != NO_CODE) & np.isfinite(latitude)
    areas, area = np.unique(codes[used], return_inverse=True)
    counts = np.bincount(area, minlength=len(areas))
    return gazetteer(
        kind, areas, np.bincount(area, latitude[used]) / counts, np.bincount(area, longitude[used]) / counts
    )
