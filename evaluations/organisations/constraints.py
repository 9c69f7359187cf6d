"""Rules that several tables share, as database conditions."""

from django.db.models import Q


def both_or_neither(first: str, second: str) -> Q:
    """The condition that two nullable columns are filled together."""
    return Q(**{f"{first}__isnull": True, f"{second}__isnull": True}) | Q(
        **{f"{first}__isnull": False, f"{second}__isnull": False}
    )


def filled_only_when(column: str, condition: Q) -> Q:
    """The condition that a nullable column is filled exactly when `condition` holds."""
    return (condition & Q(**{f"{column}__isnull": False})) | (~condition & Q(**{f"{column}__isnull": True}))
