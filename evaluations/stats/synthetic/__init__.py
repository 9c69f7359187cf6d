"""Weights of units and periods that make untreated outcomes like those of the treated."""
