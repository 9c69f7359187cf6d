"""Gathers the workspace's addresses, subject by subject."""

from django.urls import include, path

ROOMS = ("organisations", "editing", "saved", "workspaces", "datasets", "plans", "runs", "sharing")

urlpatterns = [path("", include(f"evaluations.{room}.urls")) for room in ROOMS]
