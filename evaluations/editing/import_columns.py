"""What each column of the import templates means, in a sentence."""

from evidence.catalogue.models import Design, Direction, StudyStatus
from evidence.estimates.models import EstimateKind

CODE = "A code of your own that is not yet in the catalogue: small letters, digits and hyphens."
A_SOURCE = "The code of a source that is in the catalogue."
NUMBER = "Digits only, with a point. Empty where not known, never 0."


def _one_of(choices: list[str]) -> str:
    return f"One of: {', '.join(choices)}."


MEANINGS: dict[str, dict[str, str]] = {
    "sources": {
        "code": CODE,
        "title": "The title, in full. Needed.",
        "authors": "Authors, with semicolons between them.",
        "publisher": "Who published it.",
        "published": "When, beginning with the year, such as 2024-04.",
        "url": "Its address on the web.",
    },
    "studies": {
        "code": CODE,
        "intervention": "The code of an intervention that is in the catalogue. Needed.",
        "title": "The title of the study. Needed.",
        "status": _one_of(StudyStatus.values),
        "design": _one_of(Design.values),
        "design_detail": "What more is known of the design.",
        "comparator": "Whom those reached were compared with.",
        "authors": "Authors, with semicolons between them.",
        "publisher": "Who published it.",
        "year": "The year it was published, four digits.",
        "expected": "When results are expected, where it is under way.",
        "statement": "What the sources say of it. Needed where the status is never_evaluated.",
        "source": A_SOURCE,
        "target_groups": "Codes of target groups, with spaces between them.",
        "places": "Codes of places, with spaces between them.",
    },
    "estimates": {
        "code": CODE,
        "study": "The code of a study that is in the catalogue. Needed.",
        "kind": f"What the number is. {_one_of(EstimateKind.values)}",
        "outcome": "The code of an outcome that is in the catalogue. Needed.",
        "outcome_detail": "The outcome as measured, where it differs from the catalogue's.",
        "value": f"The number. {NUMBER}",
        "unit": "The unit of the number, such as percentage points. Needed.",
        "direction": f"Which way is better. {_one_of(Direction.values)}",
        "std_error": f"The standard error as published. {NUMBER}",
        "range_low": f"The lower end of a published range that is not an interval. {NUMBER}",
        "range_high": f"Its upper end. {NUMBER}",
        "words": "What was reported, where there is no number.",
        "derived_std_error": f"A standard error you worked out: shown, never pooled. {NUMBER}",
        "derived_std_error_method": "How it was worked out. Needed with it.",
        "base_level": "The level without the intervention, with its unit.",
        "sample": "The sample as reported.",
        "design_detail": "What more is known of the design.",
        "comparison": "The comparison group.",
        "population": "Whom the number is about.",
        "target_group": "The code of a target group.",
        "subgroup": "The subgroup, where it is about one.",
        "place": "Where, in words.",
        "follow_up": "After how long, in words.",
        "follow_up_months": "After how long, in months. A whole number.",
        "source": f"{A_SOURCE} Needed.",
        "location": "The page or table. Needed.",
        "grade": "How close to the source you read it: A (the source itself) to D (the press), or empty.",
        "also_in": "Codes of other sources that repeat it, with spaces between them.",
        "notes": "Anything a reader must know.",
    },
}
