"""Registers the evidence app."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The catalogue: what is known."""

    name = "evidence"
