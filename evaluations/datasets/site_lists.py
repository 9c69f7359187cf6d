"""Checked sites into the catalogue, and out of it into an evaluation, so that no one uploads them twice."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify

from evaluations.datasets.actions import Particulars, upload_dataset
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.queries import sites_in
from evaluations.organisations.audit import record
from evaluations.organisations.models import User
from evaluations.organisations.permissions import CATALOGUE, Permission, require
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation, LawfulBasis
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Intervention
from evidence.sites.actions import Provenance, SiteFacts, keep_sites, publish_sites, withdraw_sites
from evidence.sites.models import SiteList

COLUMNS = ("name", "latitude", "longitude", "opened", "closed", "kind")


@transaction.atomic
def save_sites(*, dataset: Dataset, intervention: Intervention, name: str, source: str, by: User) -> SiteList:
    """The sites of a kept file as a draft list of the catalogue, seen by the organisation that owns the evaluation.

    Raises `BadInput` where the file holds no sites, is an example's, or the list lacks a name or source.
    """
    require(by, Permission.UPLOAD_DATA, dataset)
    if dataset.kind != DatasetKind.SITES or dataset.state != DatasetState.READY:
        raise BadInput([Issue("not_sites", "These data are no checked file of sites.", "Choose a file of sites.")])
    if dataset.is_example:
        raise BadInput(
            [Issue("example_stays_out", "Sites of an example cannot enter the catalogue.", "Use a file of real sites.")]
        )
    owner = dataset.evaluation.owner
    provenance = Provenance(name, source, owner.name, owner.pk, dataset.analysed_sha256)
    facts = [
        SiteFacts(
            row.name, row.latitude, row.longitude, *(_text(value) for value in (row.opened, row.closed, row.kind))
        )
        for row in sites_in(dataset)
    ]
    made = _kept(intervention, facts, provenance)
    detail = {"intervention": intervention.slug, "sites": len(facts), "sha256": made.data_sha256}
    write_audit(dataset.evaluation, by=by, verb="save_sites_to_catalogue", subject=made, detail=detail)
    return made


def _kept(intervention: Intervention, facts: list[SiteFacts], provenance: Provenance) -> SiteList:
    try:
        return keep_sites(intervention=intervention, sites=facts, provenance=provenance)
    except CatalogueRefused as refused:
        raise _bad_input(refused) from refused


def _bad_input(refused: CatalogueRefused) -> BadInput:
    return BadInput([Issue(each.code, each.message, each.hint, column=each.column) for each in refused.issues])


def use_sites(*, site_list: SiteList, evaluation: Evaluation, by: User) -> Dataset:
    """A dataset of the evaluation with the sites of a list that `by` may see, checked as any upload is."""
    require(by, Permission.UPLOAD_DATA, evaluation)
    written = io.StringIO()
    rows = [[_text(getattr(site, name)) for name in COLUMNS] for site in site_list.sites.all()]
    used = [place for place, name in enumerate(COLUMNS) if place < 3 or any(row[place] for row in rows)]
    writer = csv.writer(written)
    writer.writerows([[COLUMNS[place] for place in used], *([row[place] for place in used] for row in rows)])
    dataset = upload_dataset(
        evaluation=evaluation,
        file=ContentFile(written.getvalue().encode()),
        name=f"{slugify(site_list.name) or 'sites'}.csv",
        particulars=Particulars(
            kind=DatasetKind.SITES,
            lawful_basis=LawfulBasis.NOT_PERSONAL,
            purpose=f"Sites from the catalogue, list {site_list.pk}: {site_list.name} ({site_list.source}).",
        ),
        by=by,
    )
    detail = {"site_list": site_list.pk, "list_sha256": site_list.data_sha256}
    write_audit(evaluation, by=by, verb="use_sites_of_catalogue", subject=dataset, detail=detail)
    return dataset


@transaction.atomic
def decide_on_sites(*, site_list: SiteList, decision: str, reason: str = "", by: User) -> SiteList:
    """The list published or withdrawn by an editor. Raises `NotAllowed`, `BadInput`."""
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    try:
        if decision == "publish":
            decided = publish_sites(site_list=site_list, by=by)
        elif decision == "withdraw":
            decided = withdraw_sites(site_list=site_list, reason=reason, by=by)
        else:
            raise BadInput(
                [
                    Issue(
                        "decision_unknown", "The decision is neither.", "Choose publish or withdraw.", column="decision"
                    )
                ]
            )
    except CatalogueRefused as refused:
        raise _bad_input(refused) from refused
    record(by=by, verb=f"{decision}_site_list", subject=decided, detail={"reason": reason} if reason else {})
    return decided


def _text(value: Any) -> str:
    return "" if value is None else str(value)
