"""Data flows one way: the layout's rules hold in every file, and a planted breach of each is caught."""

import subprocess
from pathlib import Path

import pytest

from tests import architecture_rules as rules

ROOT = Path(__file__).resolve().parent.parent

RULES = [
    rules.unlisted_rooms,
    rules.room_violations,
    rules.layer_violations,
    rules.import_cycles,
    rules.impurities,
    rules.broad_catches,
    rules.environment_reads,
    rules.oversized,
    rules.vague_names,
]


@pytest.fixture(scope="module")
def sources() -> rules.Sources:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    folders = ("benchmarks", "config", "evaluations", "evidence", "tests")
    paths = [path for path in listed if path] or [
        str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py")
    ]
    return {path: (ROOT / path).read_text() for path in sorted(paths) if (ROOT / path).exists()}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule, sources):
    assert rule(sources) == []


def test_the_rules_read_the_whole_project(sources):
    assert {"config/settings.py", "evaluations/models.py", "evidence/models.py"} <= set(sources)


PLANTED = {
    "the catalogue imports the workspace": (
        rules.room_violations,
        {"evidence/search/views.py": "import evaluations.models"},
    ),
    "a room imports a higher room": (
        rules.room_violations,
        {"evaluations/plans/actions.py": "from evaluations.runs.models import AnalysisRun"},
    ),
    "a room imports a higher room inside a function": (
        rules.room_violations,
        {"evaluations/plans/actions.py": "def f():\n    from evaluations.runs import models\n"},
    ),
    "a room imports a higher room by a relative path": (
        rules.room_violations,
        {"evaluations/plans/actions.py": "from ..runs import models"},
    ),
    "rooms side by side import one another": (
        rules.room_violations,
        {"evidence/briefs/views.py": "from evidence.search import queries", "evidence/search/queries.py": ""},
    ),
    "the engine imports a room": (
        rules.room_violations,
        {"evaluations/stats/solve.py": "from evaluations.runs.models import AnalysisRun"},
    ),
    "synthesis imports the catalogue": (
        rules.room_violations,
        {"evidence/synthesis/pool.py": "import evidence.catalogue", "evidence/catalogue/__init__.py": ""},
    ),
    "a room imports the app's gathered models": (
        rules.room_violations,
        {"evaluations/runs/actions.py": "from evaluations.models import User"},
    ),
    "a room imports the project's configuration": (
        rules.room_violations,
        {"evaluations/runs/actions.py": "from config.celery import app", "config/celery.py": ""},
    ),
    "a module lies in no room": (rules.unlisted_rooms, {"evaluations/extras/models.py": ""}),
    "models import actions": (
        rules.layer_violations,
        {"evaluations/runs/models.py": "from evaluations.runs.actions import f", "evaluations/runs/actions.py": ""},
    ),
    "actions reach tasks through a module in no layer": (
        rules.layer_violations,
        {
            "evaluations/runs/actions.py": "from evaluations.runs import bell",
            "evaluations/runs/bell.py": "from evaluations.runs.tasks import run_analysis",
            "evaluations/runs/tasks.py": "",
        },
    ),
    "presenters import a page of a package of views": (
        rules.layer_violations,
        {
            "evaluations/runs/presenters.py": "from evaluations.runs.views.results import page",
            "evaluations/runs/views/results.py": "",
        },
    ),
    "two modules import one another": (
        rules.import_cycles,
        {
            "evaluations/plans/queries.py": "from evaluations.plans import actions",
            "evaluations/plans/actions.py": "from evaluations.plans.queries import f",
        },
    ),
    "the engine imports Django": (rules.impurities, {"evaluations/stats/a.py": "from django.db import models"}),
    "the engine opens a file": (rules.impurities, {"evaluations/stats/a.py": "text = open('x').read()"}),
    "the engine reads a table": (rules.impurities, {"evaluations/stats/a.py": "import pandas as pd\npd.read_csv('x')"}),
    "the engine imports os": (rules.impurities, {"evaluations/stats/a.py": "import os.path"}),
    "the engine imports time": (rules.impurities, {"evaluations/stats/a.py": "from time import perf_counter"}),
    "the engine reads the clock": (
        rules.impurities,
        {"evaluations/stats/a.py": "import datetime as d\nd.datetime.now()"},
    ),
    "the engine draws without a seed": (
        rules.impurities,
        {"evidence/synthesis/a.py": "import numpy as np\nnp.random.default_rng()"},
    ),
    "the engine uses the global generator": (
        rules.impurities,
        {"evidence/synthesis/a.py": "import numpy as np\nnp.random.normal(3)"},
    ),
    "the engine changes a global": (
        rules.impurities,
        {"evaluations/stats/a.py": "def f():\n    global x\n    x = 1\n"},
    ),
    "everything is caught": (
        rules.broad_catches,
        {"evaluations/runs/actions.py": "try:\n    f()\nexcept (ValueError, Exception):\n    raise\n"},
    ),
    "everything is caught and swallowed in a task": (
        rules.broad_catches,
        {"evaluations/runs/tasks.py": "try:\n    f()\nexcept Exception:\n    pass\n"},
    ),
    "the environment is read in a room": (
        rules.environment_reads,
        {"evaluations/runs/actions.py": "import os\nhome = os.environ['HOME']"},
    ),
    "a file is too long": (rules.oversized, {"evaluations/runs/models.py": "x = 1\n" * 501}),
    "a body is too long": (rules.oversized, {"tests/a.py": 'def f():\n    """Doc."""\n' + "    x = 1\n" * 61}),
    "a file is named after nothing": (rules.vague_names, {"evidence/search/utils.py": ""}),
    "a folder is named after nothing": (rules.vague_names, {"tests/helpers/panels.py": ""}),
}


@pytest.mark.parametrize("case", PLANTED, ids=str)
def test_a_planted_breach_is_caught(case):
    rule, planted = PLANTED[case]
    project = {
        "evaluations/__init__.py": "",
        "evaluations/models.py": "",
        "evaluations/runs/__init__.py": "",
        "evaluations/runs/models.py": "",
        "evidence/__init__.py": "",
    }
    assert rule(project) == []
    assert rule(project | planted) != []


SOUND = {
    "evaluations/models.py": "from evaluations.runs.models import AnalysisRun",
    "evaluations/runs/models.py": "from evaluations.plans.models import AnalysisPlan",
    "evaluations/plans/models.py": "from evaluations.stats import spec\nfrom evidence.estimates import models",
    "evaluations/runs/queries.py": "from evaluations.runs.models import AnalysisRun",
    "evaluations/runs/actions.py": "from evaluations.runs import queries\nfrom evaluations.runs import models",
    "evaluations/runs/tasks.py": (
        "from evaluations.runs.actions import claim\ntry:\n    f()\nexcept Exception:\n    fail()\n    raise\n"
    ),
    "evaluations/stats/spec.py": "import json\nimport numpy as np\nfrom evidence.synthesis.effect_sizes import g\n",
    "evidence/synthesis/effect_sizes.py": "import numpy as np\nnp.random.default_rng(3)\n",
    "evidence/estimates/models.py": "from evidence.catalogue.models import Study",
    "evidence/catalogue/models.py": "from django.db import models",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_layout_passes(rule):
    assert rule(SOUND) == []
