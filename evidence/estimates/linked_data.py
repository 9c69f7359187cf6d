"""An estimate as machines read it: an observation that says in words what the number is."""

from __future__ import annotations

from typing import Any

from evidence.catalogue.linked_data import address_of, of_source, said
from evidence.catalogue.models import Visibility
from evidence.estimates.models import EffectEstimate
from evidence.estimates.presenters import EstimateWords


def of_estimate(row: EffectEstimate, words: EstimateWords) -> dict[str, Any] | None:
    """A public estimate as an observation; None for a draft, a withdrawn and a superseded one."""
    if row.visibility != Visibility.PUBLIC or row.intervention.visibility != Visibility.PUBLIC or row.is_superseded:
        return None
    kind = row.get_estimate_kind_display()
    margin = None
    if row.ci_lower is not None:
        margin = {
            "@type": "QuantitativeValue",
            "name": f"{100 * (row.level or 0.95):g}% interval",
            "minValue": row.ci_lower,
            "maxValue": row.ci_upper,
        }
    return said(
        {
            "@type": "Observation",
            "@id": address_of(row.get_absolute_url()),
            "url": address_of(row.get_absolute_url()),
            "identifier": row.code or str(row.pk),
            "name": words.sentence,
            "description": " ".join([f"{kind}.", words.uncertainty, *words.caveats]).strip(),
            "additionalType": kind,
            "value": row.value,
            "unitText": row.unit,
            "marginOfError": margin,
            "measuredProperty": {"@type": "Property", "name": row.outcome.name},
            "measurementMethod": words.design,
            "observationAbout": {"@type": "Service", "@id": address_of(row.intervention.get_absolute_url())},
            "subjectOf": {"@type": "Report", "@id": address_of(row.study.get_absolute_url()), "name": row.study.title},
            "isBasedOn": of_source(row.source),
        }
    )
