"""Addresses: stable, because people cite them and clients rely on them."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
