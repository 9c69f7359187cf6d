"""The rules of the layout, as functions over sources: `{path: text}` in, sentences about what breaks them out."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

Sources = dict[str, str]

APPS = ("evidence", "evaluations")
PURE = ("evidence.drawing", "evidence.synthesis", "evaluations.stats", "evaluations.disclosure")

# Lower numbers are lower rooms; a room imports only from lower ones. Equal numbers stand side by side and do not meet.
ROOMS = {
    "evidence": {
        "drawing": 0,
        "synthesis": 0,
        "catalogue": 1,
        "places": 1,
        "estimates": 2,
        "series": 2,
        "sites": 2,
        "ratings": 3,
        "briefs": 4,
        "gap_map": 4,
        "search": 4,
    },
    "evaluations": {
        "stats": 0,
        "disclosure": 0,
        "organisations": 1,
        "workspaces": 2,
        "editing": 2,
        "saved": 2,
        "datasets": 3,
        "plans": 4,
        "runs": 5,
        "sharing": 6,
    },
}
# What stands at the top of an app: it gathers the rooms, may read them all, and none of them reads it.
GATHERERS = {"", "admin", "apps", "guards", "management", "migrations", "models", "templatetags", "urls"}

# Inside a room. A module that is not named here stands where its own imports put it.
LAYERS = {
    "models": 0,
    "actions": 1,
    "queries": 1,
    "forms": 2,
    "presenters": 2,
    "charts": 2,
    "tasks": 3,
    "views": 4,
    "api": 4,
    "urls": 5,
}

PURE_PACKAGES = {"numpy", "scipy", "statsmodels", "pandas", "threadpoolctl"}
IMPURE_STDLIB = {
    "asyncio", "ctypes", "glob", "http", "importlib.metadata", "importlib.resources", "io",
    "logging", "mmap", "multiprocessing", "os", "pathlib",
    "random", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib",
}  # fmt: skip
CLOCK_CALLS = {"now", "today", "utcnow"}
FILE_CALLS = {
    "loadtxt", "genfromtxt", "savetxt", "savez", "memmap", "fromfile", "tofile", "read_csv", "read_excel",
    "read_parquet", "read_stata", "to_csv", "to_excel", "to_parquet", "read_text", "write_text", "read_bytes",
    "write_bytes",
}  # fmt: skip
SEEDED_RANDOM = {"default_rng", "Generator", "BitGenerator", "SeedSequence", "PCG64", "PCG64DXSM", "Philox"}

MAX_FILE_LINES = 500
MAX_BODY_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}


@cache
def syntax_tree(text: str) -> ast.Module:
    """The parsed source; every rule reads the same one."""
    return ast.parse(text)


def module_name(path: str) -> str:
    """The dotted name of a source file: `evaluations/runs/__init__.py` is `evaluations.runs`."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def project_modules(sources: Sources) -> dict[str, ast.Module]:
    """Syntax trees of the two apps' modules, without migrations, by dotted name."""
    return {
        module_name(path): syntax_tree(text)
        for path, text in sources.items()
        if path.split("/")[0] in APPS and "/migrations/" not in path
    }


def imported_names(name: str, tree: ast.Module, *, is_package: bool) -> Iterator[str]:
    """Absolute dotted names that a module imports, wherever in the file, `from a import b` as both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")[: None if is_package and node.level == 1 else -(node.level - is_package)]
                base = ".".join([*parents, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def own_imports(sources: Sources) -> dict[str, set[str]]:
    """For each module of the apps, the project's modules and packages that it imports."""
    trees = project_modules(sources)
    packages = {module_name(path) for path in sources if path.endswith("__init__.py")}
    known = {module_name(path) for path in sources if "/migrations/" not in path}
    return {
        name: {target for target in imported_names(name, tree, is_package=name in packages) if target in known} - {name}
        for name, tree in trees.items()
    }


def room_of(name: str) -> tuple[str, str]:
    """The app and the room of a dotted name; the room is "" at the top of an app."""
    app, _, rest = name.partition(".")
    return app, rest.split(".")[0]


def unlisted_rooms(sources: Sources) -> list[str]:
    """Modules outside every room: the order of the rooms cannot hold for them."""
    return [
        f"{name}: {app} has no room called {room!r}; put it in a room, or give the room its place in ROOMS"
        for name in project_modules(sources)
        for app, room in [room_of(name)]
        if room not in ROOMS[app] and room not in GATHERERS
    ]


def room_violations(sources: Sources) -> list[str]:
    """Imports that go up or sideways between rooms, or from the catalogue to the workspace."""
    found = []
    for name, targets in own_imports(sources).items():
        app, room = room_of(name)
        for target in sorted(targets):
            target_app, target_room = room_of(target)
            if app == "evidence" and target_app == "evaluations":
                found.append(f"{name} imports {target}: the catalogue never imports the workspace")
            elif target_app not in APPS and room in ROOMS[app]:
                found.append(f"{name} imports {target}: a room imports rooms; settings come from django.conf")
            elif f"{app}.{room}" in PURE and f"{target_app}.{target_room}" not in {
                f"{app}.{room}",
                "evidence.synthesis",
            }:
                found.append(f"{name} imports {target}: {app}.{room} imports nothing of ours from outside itself")
            elif app == target_app and room in ROOMS[app] and target_room != room:
                found += _upward(name, target, ROOMS[app])
    return found


def _upward(name: str, target: str, order: dict[str, int]) -> list[str]:
    room, target_room = room_of(name)[1], room_of(target)[1]
    if target_room in order and order[target_room] < order[room]:
        return []
    if target_room not in order:
        return [f"{name} imports {target}: a room does not import what gathers the rooms"] if target_room else []
    return [f"{name} imports {target}: {room} is not above {target_room}"]


def layer_of(name: str) -> str | None:
    """The layer a module belongs to: `evaluations.runs.views.results` is in `views`."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 and parts[2] in LAYERS else None


def layer_violations(sources: Sources) -> list[str]:
    """Modules of a room that reach a higher layer of it, directly or through a module that is in no layer."""
    imports = own_imports(sources)
    found = []
    for name in imports:
        layer = layer_of(name)
        if layer is None:
            continue
        for target in sorted(_reached(name, imports)):
            target_layer = layer_of(target)
            if target_layer is not None and LAYERS[target_layer] > LAYERS[layer]:
                found.append(f"{name} reaches {target}: {layer} stands below {target_layer}")
    return found


def _reached(name: str, imports: dict[str, set[str]]) -> set[str]:
    """Modules of the same room that `name` imports, followed on through those in no layer."""
    room = room_of(name)
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current != name and layer_of(current) is not None:
            continue
        new = {
            target for target in imports.get(current, set()) if room_of(target) == room and target.count(".") > 1
        } - seen
        seen |= new
        waiting += new
    return seen - {name}


def import_cycles(sources: Sources) -> list[str]:
    """Modules that import one another in a ring, named once by their smallest member."""
    imports = own_imports(sources)
    modules = {name for name in imports if not any(name != other and other.startswith(f"{name}.") for other in imports)}
    found = set()
    for start in modules:
        waiting, seen = [(start, (start,))], set()
        while waiting:
            current, path = waiting.pop()
            for target in imports[current] & modules:
                if target == start:
                    found.add(tuple(sorted(path)))
                elif target not in seen:
                    seen.add(target)
                    waiting.append((target, (*path, target)))
    return [f"import cycle: {' -> '.join(ring)}" for ring in sorted(found)]


def impurities(sources: Sources) -> list[str]:
    """Files, clocks, the environment, hidden randomness or a framework in the pure rooms."""
    found = []
    for name, tree in project_modules(sources).items():
        if ".".join(name.split(".")[:2]) in PURE:
            found += [f"{name}: {reason}" for reason in (*_impure_imports(name, tree), *_impure_nodes(tree))]
    return found


def _impure_imports(name: str, tree: ast.Module) -> Iterator[str]:
    for target in sorted(set(imported_names(name, tree, is_package=False))):
        top = target.split(".")[0]
        if top in IMPURE_STDLIB or target in IMPURE_STDLIB:
            yield f"imports {target}, which reaches outside the computation"
        elif top and top not in sys.stdlib_module_names and top not in PURE_PACKAGES and top not in APPS:
            yield f"imports {target}; here only {', '.join(sorted(PURE_PACKAGES))} and the standard library are used"


def _impure_nodes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"line {node.lineno} changes a global"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            yield f"line {node.lineno} calls {node.func.id}()"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _impure_call(node.func, bare=not node.args and not node.keywords)


def _impure_call(func: ast.Attribute, *, bare: bool) -> Iterator[str]:
    owner = ast.unparse(func.value)
    if func.attr in CLOCK_CALLS and owner.split(".")[-1] in {"datetime", "date", "Timestamp"}:
        yield f"line {func.lineno} reads the clock"
    elif func.attr in FILE_CALLS:
        yield f"line {func.lineno} reads or writes a file ({func.attr})"
    elif owner in {"np.random", "numpy.random"} and func.attr not in SEEDED_RANDOM:
        yield f"line {func.lineno} draws from numpy's global generator"
    elif func.attr == "default_rng" and bare:
        yield f"line {func.lineno} makes a generator without a seed"


def broad_catches(sources: Sources) -> list[str]:
    """`except Exception` anywhere but in tasks.py, where it is allowed once and must re-raise."""
    found = []
    for name, tree in project_modules(sources).items():
        handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and _is_broad(node)]
        if name.split(".")[-1] != "tasks":
            found += [f"{name} line {node.lineno}: catches everything" for node in handlers]
        elif len(handlers) > 1:
            found.append(f"{name}: catches everything {len(handlers)} times; once is allowed")
        found += [
            f"{name} line {node.lineno}: catches everything and does not re-raise"
            for node in handlers
            if name.split(".")[-1] == "tasks" and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        ]
    return found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)


def environment_reads(sources: Sources) -> list[str]:
    """Reads of environment variables outside config/."""
    found = []
    for name, tree in project_modules(sources).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"}:
                found.append(f"{name} line {node.lineno}: the environment is read in config/settings.py only")
    return found


def oversized(sources: Sources) -> list[str]:
    """Files and function bodies that are too long to read at once; migrations are exempt."""
    found = []
    for path, text in sources.items():
        if "/migrations/" in path:
            continue
        if text.count("\n") > MAX_FILE_LINES:
            found.append(f"{path}: {text.count(chr(10))} lines, at most {MAX_FILE_LINES}")
        for node in ast.walk(syntax_tree(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _body_lines(node) > MAX_BODY_LINES:
                found.append(f"{path}:{node.lineno} {node.name}: {_body_lines(node)} lines, at most {MAX_BODY_LINES}")
    return found


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, its docstring not counted."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def vague_names(sources: Sources) -> list[str]:
    """Files and folders named after no subject."""
    return [
        f"{path}: name it after what it is about"
        for path in sources
        if VAGUE_NAMES & set(PurePosixPath(path).with_suffix("").parts)
    ]
