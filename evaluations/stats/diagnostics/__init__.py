"""Diagnostics: each a statistic, its p-value where there is one, and what it cannot show."""
