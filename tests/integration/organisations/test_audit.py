"""The audit chain holds, and shows it when it does not."""

import pytest
from django.db import IntegrityError, connection, transaction

from evaluations.guards import take_down_guards
from evaluations.organisations.audit import broken_links, record
from evaluations.organisations.models import AuditChain, AuditEvent
from tests.workspace_records import make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain():
    user = make_user()
    organisation = make_organisation(user)
    for number in range(3):
        record(by=user, verb="look", subject=organisation, organisation=organisation, detail={"n": number})
    return AuditChain.objects.get(name=f"organisation-{organisation.pk}")


def test_an_untouched_chain_has_no_broken_link(chain):
    assert chain.length == 4
    assert broken_links(chain) == []


def test_the_database_refuses_to_edit_an_event(chain):
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.filter(chain=chain, sequence=2).update(verb="nothing_to_see")


def test_an_altered_event_is_found_even_when_the_guards_were_down(chain):
    take_down_guards()
    AuditEvent.objects.filter(chain=chain, sequence=2).update(verb="nothing_to_see")
    assert [(link.sequence, link.message) for link in broken_links(chain)] == [
        (2, "Its content was altered after it was recorded.")
    ]


def test_a_missing_event_is_found(chain):
    AuditEvent.objects.filter(chain=chain, sequence=2).delete()
    assert "Event 2 is missing." in [link.message for link in broken_links(chain)]


def test_a_cut_tail_is_found(chain):
    AuditEvent.objects.filter(chain=chain, sequence=4).delete()
    assert [link.sequence for link in broken_links(chain)] == [4]


def test_a_chain_rewritten_from_the_middle_is_found(chain):
    take_down_guards()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE evaluations_auditevent SET sha256 = %s WHERE sequence = 3", ["f" * 64])
    assert {link.sequence for link in broken_links(chain)} == {3, 4}
