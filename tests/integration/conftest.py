"""What tests with a database need."""

from types import SimpleNamespace

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


@pytest.fixture
def undrawn_pdfs(monkeypatch):
    """Print documents without drawing them, which takes a second each: for tests of who may have them."""
    blank = SimpleNamespace(write_pdf=lambda **_: b"%PDF-1.7 not drawn")
    monkeypatch.setattr("evidence.briefs.documents.pages_of", lambda html: blank)
