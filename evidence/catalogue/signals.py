"""How lower rooms tell higher ones that the catalogue changed, without knowing them."""

from collections.abc import Iterable

from django.dispatch import Signal

from evidence.catalogue.models import CatalogueVersion

catalogue_changed = Signal()
"""Sent inside the transaction that changed rows, with `intervention_ids`: a set, or None for everything."""


def tell_changed(intervention_ids: Iterable[int] | None) -> None:
    """Say that these interventions, their studies or their estimates changed; None for everything."""
    ids = None if intervention_ids is None else frozenset(intervention_ids)
    CatalogueVersion.renew(ids)
    catalogue_changed.send(sender=None, intervention_ids=ids)
