"""Homes by made-up postcodes around sites, and a whole run on them."""

import numpy as np
from django.core.files.base import ContentFile

from evaluations.datasets.actions import HowToRead, Particulars, upload_dataset
from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.runs.actions import claim, queue_run
from evaluations.runs.models import AnalysisRun
from evaluations.runs.tasks import work_on
from evaluations.workspaces.models import LawfulBasis

KM = 1 / 111.3
NOT_PERSONAL = {"lawful_basis": LawfulBasis.NOT_PERSONAL}
N_POSTCODES = 240
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def postcodes() -> list[str]:
    """Made-up postcodes of two districts."""
    return [f"ZE{1 + i % 2} {i // 20 % 10}{LETTERS[i % 20]}{LETTERS[i // 200]}" for i in range(N_POSTCODES)]


def directory() -> str:
    """Where they are: 0 to 6 km north of a site at 53 N 2 W (or, for every second, at 53 N 1 W)."""
    lines = ["pcds,doterm,lat,long"]
    for i, postcode in enumerate(postcodes()):
        lines.append(f"{postcode},,{53 + (i // 2) * 6 / 120 * KM:.6f},{-2.0 + i % 2:.6f}")
    return "\n".join(lines) + "\n"


SITES = "name,latitude,longitude,opened\nWest,53.0,-2.0,2003\nEast,53.0,-1.0,2005\nLate,53.0,-1.0001,2030\n"


def outcomes(rng) -> str:
    """Each postcode's score in 2001 to 2006, 2 points higher within 2.5 km of an open site."""
    lines = ["home,year,postcode,score"]
    for i, postcode in enumerate(postcodes()):
        level, opens = rng.normal(), (2003, 2005)[i % 2]
        for year in range(2001, 2007):
            near = (i // 2) * 6 / 120 <= 2.4
            score = level + 0.1 * year + 2.0 * (near and year >= opens) + 0.3 * rng.normal()
            lines.append(f"{i},{year},{postcode},{score:.4f}")
    return "\n".join(lines) + "\n"


WITH_POSTCODES = HowToRead(use_postcodes=True)


def upload(evaluation, by, content, *, kind=DatasetKind.OUTCOMES, how=None) -> Dataset:
    return upload_dataset(
        evaluation=evaluation,
        file=ContentFile(content.encode()),
        name="homes.csv",
        particulars=Particulars(**NOT_PERSONAL, kind=kind),
        how=how,
        by=by,
    )


def a_whole_run(evaluation, analyst) -> AnalysisRun:
    """From upload to a released-ready result: sites, homes by postcode, a plan, a run."""
    sites = upload(evaluation, analyst, SITES, kind=DatasetKind.SITES)
    dataset = upload(evaluation, analyst, outcomes(np.random.default_rng(2)), how=WITH_POSTCODES)
    spec = {
        "method": "proximity",
        "estimator": "access_did",
        "columns": {
            "unit": "home",
            "period": "year",
            "outcome": "score",
            "first_treated": "first_open_within_2_5_km",
            "distance_km": "distance_km",
        },
    }
    plan = save_draft(evaluation=evaluation, spec=spec, dataset=dataset, sites=sites, by=analyst)
    run = queue_run(plan=lock_plan(plan=plan, by=analyst), by=analyst)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    assert run.state == "done", run.reason
    return run
