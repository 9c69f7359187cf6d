"""A limit on what one analysis may take of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

try:
    import resource
except ImportError:  # a platform without it runs without the limit
    resource = None  # type: ignore[assignment]


@contextmanager
def limited_memory(megabytes: int) -> Iterator[None]:
    """Let this process hold at most `megabytes` of data while the block runs; more raises `MemoryError`."""
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
