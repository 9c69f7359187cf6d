"""Numbers of rows in addresses and forms, which anyone may have typed."""

LONGEST = 18
"""Digits that a database's largest integer surely holds."""


def is_row_number(text: str) -> bool:
    """Whether the text could be the number of a row."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST


def row_number(text: str) -> int:
    """The number of the row; 0, which is no row, for anything else."""
    return int(text) if is_row_number(text) else 0
