"""Keeping a list of sites in the catalogue, and an editor's decision on whether everyone may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import Intervention, Visibility, is_editor
from evidence.catalogue.signals import tell_changed
from evidence.sites.models import Site, SiteList, SiteListAudience

MOST_SITES = 50_000


@dataclass(frozen=True)
class SiteFacts:
    """One site as it is to be kept; degrees, and dates as the file writes them."""

    name: str
    latitude: float
    longitude: float
    opened: str = ""
    closed: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Provenance:
    """Whose list it is, who says so, and the file that was checked."""

    name: str
    source: str
    saved_by: str
    organisation_id: int
    data_sha256: str


@transaction.atomic
def keep_sites(*, intervention: Intervention, sites: Sequence[SiteFacts], provenance: Provenance) -> SiteList:
    """A draft list of an intervention's sites, seen by the organisation that saved it. Raises `CatalogueRefused`."""
    issues = []
    if not provenance.name.strip():
        issues.append(Issue("name_missing", "The list has no name.", "Say what the sites are.", column="name"))
    if not provenance.source.strip():
        issues.append(
            Issue("source_missing", "The list has no source.", "Say where the sites are taken from.", column="source")
        )
    if not sites:
        issues.append(Issue("no_sites", "There are no sites with a place.", "Choose a file of sites with places."))
    if len(sites) > MOST_SITES:
        issues.append(
            Issue("too_many_sites", f"There are {len(sites):,} sites.", f"Keep {MOST_SITES:,} or fewer in one list.")
        )
    if issues:
        raise CatalogueRefused(issues)
    made = SiteList(
        intervention=intervention,
        name=provenance.name.strip(),
        source=provenance.source.strip(),
        saved_by=provenance.saved_by,
        data_sha256=provenance.data_sha256,
    )
    made.full_clean(exclude=["intervention"])
    made.save()
    SiteListAudience.objects.create(site_list=made, organisation_id=provenance.organisation_id)
    Site.objects.bulk_create(
        [
            Site(
                site_list=made,
                position=position,
                name=site.name[:200],
                latitude=site.latitude,
                longitude=site.longitude,
                opened=site.opened[:40],
                closed=site.closed[:40],
                kind=site.kind[:100],
            )
            for position, site in enumerate(sites, start=1)
        ],
        batch_size=1_000,
    )
    tell_changed([intervention.pk])
    return made


@transaction.atomic
def publish_sites(*, site_list: SiteList, by: Any) -> SiteList:
    """The list, open to everyone. Only an editor decides. Raises `CatalogueRefused`."""
    site_list = _to_decide(site_list, by)
    if site_list.visibility == Visibility.PUBLIC:
        return site_list
    if site_list.visibility == Visibility.WITHDRAWN:
        raise CatalogueRefused([Issue("sites_withdrawn", "The list was withdrawn.", "Save the sites again.")])
    if site_list.intervention.visibility != Visibility.PUBLIC:
        raise CatalogueRefused(
            [Issue("intervention_not_public", "The intervention itself is not public.", "Publish that first.")]
        )
    site_list.visibility, site_list.published_at = Visibility.PUBLIC, timezone.now()
    return _decided(site_list, by)


@transaction.atomic
def withdraw_sites(*, site_list: SiteList, reason: str, by: Any) -> SiteList:
    """The list, no longer to be used; if it was public its page stays and says why. Raises `CatalogueRefused`."""
    site_list = _to_decide(site_list, by)
    if not reason.strip():
        raise CatalogueRefused([Issue("reason_missing", "No reason is given.", "Say why.", column="reason")])
    site_list.visibility, site_list.reason = Visibility.WITHDRAWN, reason.strip()
    return _decided(site_list, by)


def _to_decide(site_list: SiteList, by: Any) -> SiteList:
    if not is_editor(by):
        raise CatalogueRefused(
            [Issue("sites_not_allowed", "Only an editor of the catalogue decides this.", "Ask an editor.")]
        )
    found = SiteList.objects.select_for_update(of=("self",)).select_related("intervention")
    return found.get(pk=site_list.pk)


def _decided(site_list: SiteList, by: Any) -> SiteList:
    site_list.decided_by, site_list.decided_at = str(by), timezone.now()
    site_list.save()
    tell_changed([site_list.intervention_id])
    return site_list
