"""An evaluation and the analyst who works on it, for tests in a browser."""

from __future__ import annotations

import pytest

from evaluations.organisations.actions import add_member, create_organisation
from evaluations.organisations.models import Role
from evaluations.workspaces.models import Evaluation
from tests.workspace_records import make_evaluation

ANALYST = "eva@example.org"


@pytest.fixture
def evaluation(make_person) -> Evaluation:
    """An evaluation of a council, made by an analyst who signs in as `ANALYST`."""
    admin = make_person("ravi@example.org", "Ravi Reviewer")
    analyst = make_person(ANALYST, "Eva Evaluator")
    organisation = create_organisation(name="A council", by=admin)
    add_member(organisation=organisation, user=analyst, role=Role.ANALYST, by=admin)
    return make_evaluation(owner=organisation, by=analyst)
