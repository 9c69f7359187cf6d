"""Interventions and places over the API."""
