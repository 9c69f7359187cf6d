"""Tests and intervals that do not rest on many clusters: wild bootstrap and randomisation."""
