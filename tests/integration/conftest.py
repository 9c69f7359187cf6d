"""What tests with a database need."""

import pytest
from django.db import connection

from evidence.estimates.ledger import drop_guards


@pytest.fixture(autouse=True)
def _ledger_can_be_emptied(request):
    """Take the ledger's guards off before a transactional test empties its tables; emptying puts them back."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames) & {"transactional_db", "live_server"}
    if not names and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    drop_guards(connection)
