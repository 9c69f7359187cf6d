"""Registers the evaluations app."""

from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    """The workspace: how it comes to be known."""

    name = "evaluations"
