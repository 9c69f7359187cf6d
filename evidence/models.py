"""Gathers the subjects' models for Django."""
