"""Sums and what a pass knows, as bytes that a database row can hold: arrays to the last bit, no code inside."""

from __future__ import annotations

import io
import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from evaluations.stats.callaway_santanna.means import Moments
from evaluations.stats.callaway_santanna.streamed import PanelMoments

KINDS = {kind.__name__: kind for kind in (PanelMoments, Moments)}
"""The records that may be packed, by name."""


def pack(value: Any) -> bytes:
    """`value` as bytes: records of `KINDS`, tuples, arrays of numbers, text and plain numbers, nested as they like."""
    arrays: dict[str, np.ndarray] = {}
    shape = json.dumps(_taken_apart(value, arrays))
    written = io.BytesIO()
    np.savez(written, shape=np.frombuffer(shape.encode(), np.uint8), **arrays)  # type: ignore[arg-type]
    return written.getvalue()


def unpack(packed: bytes) -> Any:
    """What `pack` was given. Raises `ValueError` for anything else."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return _put_together(json.loads(arrays["shape"].tobytes()), arrays)


def _taken_apart(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    if isinstance(value, tuple):
        return {"tuple": [_taken_apart(item, arrays) for item in value]}
    if is_dataclass(value) and type(value).__name__ in KINDS:
        parts = {item.name: _taken_apart(getattr(value, item.name), arrays) for item in fields(value)}
        return {"kind": type(value).__name__, "parts": parts}
    if value is None or isinstance(value, str | int | float | bool):
        return {"plain": value}
    raise TypeError(f"{type(value).__name__} cannot be packed")


def _put_together(shape: dict[str, Any], arrays: Any) -> Any:
    if "array" in shape:
        return arrays[shape["array"]]
    if "tuple" in shape:
        return tuple(_put_together(item, arrays) for item in shape["tuple"])
    if "kind" in shape:
        return KINDS[shape["kind"]](**{name: _put_together(part, arrays) for name, part in shape["parts"].items()})
    return shape["plain"]
