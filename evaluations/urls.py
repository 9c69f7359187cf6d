"""Gathers the workspace's addresses, subject by subject."""

from django.urls import include, path

urlpatterns = [path("", include(f"evaluations.{room}.urls")) for room in ("workspaces", "plans", "runs", "sharing")]
