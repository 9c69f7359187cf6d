"""Gathers the subjects' models for Django."""

from evaluations.organisations.models import User

__all__ = ["User"]
