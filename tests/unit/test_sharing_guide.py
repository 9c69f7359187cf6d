"""The table in the guide to sharing is the one that the code decides by."""

from pathlib import Path

from evaluations.organisations.permissions import MINIMUM_ROLE
from evaluations.workspaces.models import GRANTED_AT, ShareLevel

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "sharing.md"


def test_the_guide_says_who_may_do_what_as_the_code_decides_it():
    lines = GUIDE.read_text().splitlines()
    for permission, role in MINIMUM_ROLE.items():
        level = next((each for each in ShareLevel.values if permission in GRANTED_AT[each]), "-")
        assert f"| {permission.value.replace('_', ' ')} | {role.value} | {level} |" in lines
