"""What tests with a database need."""

import pytest
from django.db import transaction

from evidence.estimates.starter.store import load_starter
from evidence.management.commands.load_catalogue import STARTER


@pytest.fixture(scope="module")
def _starter_catalogue(django_db_setup, django_db_blocker):
    """The starter catalogue, loaded once for a file of tests; each test's own changes are undone as usual."""
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole.__enter__()
        load_starter(STARTER)
        yield
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture
def catalogue(_starter_catalogue, db):
    """The starter catalogue, loaded and indexed."""
