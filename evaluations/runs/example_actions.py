"""Starting an example: an evaluation that is badged for good, with its data, its locked plan and a first run."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.db import transaction

from evaluations.datasets.actions import Particulars, upload_dataset
from evaluations.datasets.models import DatasetKind
from evaluations.organisations.models import Organisation, User
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.runs.actions import queue_run
from evaluations.runs.examples import Example
from evaluations.runs.models import AnalysisRun
from evaluations.workspaces.actions import create_evaluation
from evaluations.workspaces.models import LawfulBasis


@transaction.atomic
def start_example(*, example: Example, owner: Organisation, by: User) -> AnalysisRun:
    """The first run of a new example evaluation. It can never enter the catalogue."""
    evaluation = create_evaluation(
        owner=owner,
        by=by,
        title=example.title,
        purpose=example.story,
        lawful_basis=LawfulBasis.NOT_PERSONAL,
        is_example=True,
        example_key=example.key,
    )
    dataset = upload_dataset(
        evaluation=evaluation,
        file=ContentFile(example.csv()),
        name=example.file_name,
        particulars=Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL, purpose=example.source),
        by=by,
    )
    sites = None
    if example.sites_csv is not None:
        particulars = Particulars(kind=DatasetKind.SITES, lawful_basis=LawfulBasis.NOT_PERSONAL, purpose=example.source)
        sites = upload_dataset(
            evaluation=evaluation,
            file=ContentFile(example.sites_csv()),
            name="sites.csv",
            particulars=particulars,
            by=by,
        )
    draft = save_draft(
        evaluation=evaluation,
        spec=example.spec,
        dataset=dataset,
        sites=sites,
        by=by,
        comparator_justification=example.comparator_justification,
    )
    return queue_run(plan=lock_plan(plan=draft, by=by), by=by)
