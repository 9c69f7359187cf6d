"""Registers the evidence app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _prepare_database(*, using: str, **_: Any) -> None:
    from django.db import connections

    from evidence.estimates.ledger import install_guards
    from evidence.search.engines import engine

    install_guards(connections[using])
    engine().create()


class EvidenceConfig(AppConfig):
    """The catalogue: what is known."""

    name = "evidence"

    def ready(self) -> None:
        """Guard the ledger after every migration, and let search follow the catalogue."""
        from evidence.catalogue.signals import catalogue_changed
        from evidence.search.actions import follow_catalogue

        post_migrate.connect(_prepare_database, sender=self, dispatch_uid="evidence-database")
        catalogue_changed.connect(follow_catalogue, dispatch_uid="evidence-search")
