"""Load where small areas are."""

from evaluations.management.commands import load_postcodes


class Command(load_postcodes.Command):
    help = (
        "Load where small areas (LSOAs, data zones, super data zones) are, from a CSV with a column for the code and"
        " columns for its latitude and longitude or easting and northing. What was loaded before is replaced."
    )
    needed = "small_area"
