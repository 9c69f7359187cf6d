"""Registers the evidence app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_guards(*, using: str, **_: Any) -> None:
    from django.db import connections

    from evidence.estimates.ledger import install_guards

    install_guards(connections[using])


class EvidenceConfig(AppConfig):
    """The catalogue: what is known."""

    name = "evidence"

    def ready(self) -> None:
        """Guard the ledger after every migration."""
        post_migrate.connect(_install_guards, sender=self, dispatch_uid="evidence-ledger-guards")
