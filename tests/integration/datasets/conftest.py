"""An analyst with an evaluation, and a table of made-up postcodes."""

import io

import pytest
from django.core.management import call_command

from tests.homes_by_postcode import directory
from tests.workspace_records import make_evaluation, make_organisation, make_user


@pytest.fixture
def analyst():
    person = make_user("analyst")
    make_organisation(analyst=person)
    return person


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=analyst.memberships.get().organisation, by=analyst)


@pytest.fixture
def loaded(tmp_path):
    path = tmp_path / "directory.csv"
    path.write_text(directory())
    call_command("load_postcodes", str(path), stdout=io.StringIO())
    path.unlink()
