"""Least squares with absorbed fixed effects, and the errors of its coefficients."""
