"""The starter catalogue, loaded."""

import pytest

from evidence.estimates.starter.store import load_starter
from evidence.management.commands.load_catalogue import STARTER


@pytest.fixture
def catalogue(db):
    return load_starter(STARTER)
