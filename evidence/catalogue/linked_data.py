"""What pages say to machines: schema.org in JSON-LD, of public rows only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from evidence.catalogue.models import Intervention, Source, Study, Visibility

_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def data_block(described: Mapping[str, Any] | None) -> SafeString:
    """JSON-LD as a block of data, which no browser runs; nothing where there is nothing to say."""
    if not described:
        return SafeString("")
    text = json.dumps({"@context": "https://schema.org", **described}, ensure_ascii=False).translate(_ESCAPES)
    # Every sign that could end the block or start a tag was escaped above.
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308


def address_of(path: str) -> str:
    """A path of this site as a stable address."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def said(described: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that say something."""
    return {name: value for name, value in described.items() if value not in ("", None, [], {})}


def of_intervention(row: Intervention, studies: Iterable[Study] = ()) -> dict[str, Any] | None:
    """An intervention as a service, with the public studies of it; None where it is not public."""
    if row.visibility != Visibility.PUBLIC:
        return None
    return said(
        {
            "@type": "Service",
            "@id": address_of(row.get_absolute_url()),
            "url": address_of(row.get_absolute_url()),
            "name": row.name,
            "description": row.summary,
            "serviceType": row.kind,
            "provider": said({"@type": "Organization", "name": row.lead_body}) if row.lead_body else None,
            "audience": [{"@type": "Audience", "name": group.name} for group in row.target_groups.all()],
            "areaServed": [
                {"@type": "AdministrativeArea", "name": place.name, "identifier": place.code}
                for place in row.places.all()
            ],
            "subjectOf": [
                {"@type": "Report", "@id": address_of(study.get_absolute_url()), "name": study.title}
                for study in studies
                if study.visibility == Visibility.PUBLIC and not study.is_gap
            ],
        }
    )


def of_study(row: Study) -> dict[str, Any] | None:
    """A study as a report on its intervention; None where either is not public, and for a recorded gap."""
    if row.visibility != Visibility.PUBLIC or row.intervention.visibility != Visibility.PUBLIC or row.is_gap:
        return None
    return said(
        {
            "@type": "Report",
            "@id": address_of(row.get_absolute_url()),
            "url": address_of(row.get_absolute_url()),
            "name": row.title,
            "abstract": row.statement,
            "author": said({"@type": "Organization", "name": row.authors}) if row.authors else None,
            "publisher": said({"@type": "Organization", "name": row.publisher}) if row.publisher else None,
            "datePublished": str(row.year) if row.year else None,
            "creativeWorkStatus": row.get_status_display(),
            "about": {"@type": "Service", "@id": address_of(row.intervention.get_absolute_url())},
            "isBasedOn": of_source(row.source),
            "spatialCoverage": [
                {"@type": "AdministrativeArea", "name": place.name, "identifier": place.code}
                for place in row.places.all()
            ],
        }
    )


def of_source(source: Source | None) -> dict[str, Any] | None:
    """A publication as a work to cite."""
    if source is None:
        return None
    return said({"@type": "CreativeWork", "name": source.title, "url": source.url, "citation": source.citation})
