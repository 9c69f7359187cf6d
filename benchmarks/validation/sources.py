"""What code an estimator rests on, so that a simulated cell is run again only when its answer could change."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGINE = "evaluations.stats"


def sources_digest(modules: Iterable[str], extra: str = "") -> str:
    """A digest of the modules, of all engine modules they import in turn, and of `extra`, docstrings left out."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imported(name)
    text = "".join(f"{name}\n{_code(name)}\n" for name in sorted(found))
    return hashlib.sha256((text + extra).encode()).hexdigest()


@cache
def _imported(name: str) -> tuple[str, ...]:
    """The engine modules that a module's imports name: the module itself, or the one that has the name."""
    said: list[str] = []
    for node in ast.walk(ast.parse(_path(name).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            said += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            said += [alias.name for alias in node.names]
    return tuple(each for each in said if each.startswith(f"{ENGINE}.") and _path(each).exists())


@cache
def _code(name: str) -> str:
    tree = ast.parse(_path(name).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.dump(tree)


def _path(name: str) -> Path:
    """The file of a module, or of a package."""
    file = ROOT.joinpath(*name.split(".")).with_suffix(".py")
    return file if file.exists() else file.with_suffix("") / "__init__.py"
