"""Records of the workspace for tests: people, organisations, evaluations, data, plans and runs."""

from io import BytesIO
from itertools import count

import pandas as pd
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from model_bakery import baker

from evaluations.datasets.models import Dataset, DatasetState
from evaluations.organisations.actions import add_member, create_organisation
from evaluations.organisations.models import Organisation, Role, User
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.plans.models import AnalysisPlan
from evaluations.workspaces.actions import create_evaluation
from evaluations.workspaces.models import Evaluation, LawfulBasis
from evidence.catalogue.models import Direction, LifeStage, Status

SHA = "c" * 64
SPEC_2X2 = {
    "estimator": "did_2x2",
    "columns": {"outcome": "outcome", "treated": "treated", "post": "post"},
    "options": {"panel": False, "std_errors": "classical"},
}
SPEC_PANEL = {
    "columns": {"unit": "unit", "period": "year", "outcome": "outcome", "first_treated": "first_treated"},
}
_numbers = count(1)


def make_user(name: str = "") -> User:
    number = next(_numbers)
    name = name or f"person{number}"
    return User.objects.create_user(
        username=f"{name}-{number}", email=f"{name}-{number}@example.org", password="a-good-passphrase", full_name=name
    )


def make_organisation(admin: User | None = None, **members: User) -> Organisation:
    """An organisation; each keyword is a role and the person who holds it."""
    admin = admin or make_user("admin")
    organisation = create_organisation(name=f"Council {next(_numbers)}", by=admin)
    for role, user in members.items():
        add_member(organisation=organisation, user=user, role=Role(role), by=admin)
    return organisation


def make_intervention(**fields):
    number = next(_numbers)
    stated = {
        "code": f"hubs-{number}",
        "slug": f"hubs-{number}",
        "name": f"Family Hubs {number}",
        "life_stage": LifeStage.EARLY_YEARS,
        "status": Status.LIVE,
        "visibility": "public",
        "published_at": "2026-01-01T00:00:00Z",
    }
    return baker.make("evidence.Intervention", **(stated | fields))


def make_outcome(**fields):
    number = next(_numbers)
    stated = {
        "code": f"gld-{number}",
        "slug": f"gld-{number}",
        "name": "Good level of development",
        "unit": "percentage points",
        "direction": Direction.HIGHER,
    }
    return baker.make("evidence.Outcome", **(stated | fields))


def make_evaluation(*, owner: Organisation, by: User, **fields) -> Evaluation:
    stated = {
        "title": "Did the hubs help?",
        "purpose": "To decide whether to go on.",
        "lawful_basis": LawfulBasis.NOT_PERSONAL,
    } | fields
    if not stated.get("is_example"):
        stated.setdefault("intervention", make_intervention())
        stated.setdefault("outcome", make_outcome())
    return create_evaluation(owner=owner, by=by, **stated)


def two_by_two() -> pd.DataFrame:
    """Four cells of three rows: the change is 2 among the untreated and 5 among the treated, so the effect is 3."""
    means = {(0, 0): 10.0, (0, 1): 12.0, (1, 0): 20.0, (1, 1): 25.0}
    rows = [
        {"treated": treated, "post": post, "outcome": mean + spread}
        for (treated, post), mean in means.items()
        for spread in (-1.0, 0.0, 1.0)
    ]
    return pd.DataFrame(rows)


def panel(n_units: int = 90) -> pd.DataFrame:
    """Units over six years, a third treated from 2012 and a third from 2014; the effect is 2 from the start."""
    starts = (None, 2012, 2014)
    rows = [
        {
            "unit": unit,
            "year": year,
            "first_treated": starts[unit % 3],
            "outcome": unit % 7 + 0.5 * year + ((unit * 31 + year * 17) % 11) / 10 + 2.0 * treated,
        }
        for unit in range(n_units)
        for year in range(2010, 2016)
        for treated in [bool(starts[unit % 3]) and year >= starts[unit % 3]]
    ]
    return pd.DataFrame(rows).astype({"first_treated": "Int64"})


def make_dataset(*, evaluation: Evaluation, by: User, frame: pd.DataFrame | None = None, **fields) -> Dataset:
    frame = two_by_two() if frame is None else frame
    written = BytesIO()
    frame.to_parquet(written, index=False)
    path = default_storage.save(f"datasets/test-{next(_numbers)}.parquet", ContentFile(written.getvalue()))
    stated = {
        "original_name": "outcomes.csv",
        "size_bytes": 100,
        "sha256": SHA,
        "state": DatasetState.READY,
        "storage_path": path,
        "columns": [{"name": name, "kind": "number"} for name in frame.columns],
        "rows_read": len(frame),
        "rows_stored": len(frame),
        "lawful_basis": LawfulBasis.NOT_PERSONAL,
    }
    return Dataset.objects.create(evaluation=evaluation, uploaded_by=by, **(stated | fields))


def make_locked_plan(*, evaluation: Evaluation, by: User, dataset: Dataset | None = None, spec=None) -> AnalysisPlan:
    draft = save_draft(
        evaluation=evaluation,
        spec=spec or SPEC_2X2,
        dataset=dataset,
        by=by,
        comparator_justification="Neighbouring areas with the same trend.",
        deviation_reason="A later look." if evaluation.plans.exists() else "",
    )
    return lock_plan(plan=draft, by=by)
