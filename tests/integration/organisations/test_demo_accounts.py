"""The accounts a site on one machine starts with."""

import io

import pytest
from django.core.management import CommandError, call_command

from evaluations.organisations.demo import SIGN_INS
from evaluations.organisations.models import Organisation, User

pytestmark = pytest.mark.django_db


def test_the_printed_sign_ins_work_and_stay_the_same(client, settings):
    settings.EMBEDDED = True
    first, second = io.StringIO(), io.StringIO()
    call_command("create_demo_accounts", stdout=first)
    call_command("create_demo_accounts", stdout=second)
    assert first.getvalue() == second.getvalue()
    assert Organisation.objects.count() == 1
    for each in SIGN_INS:
        assert each.email in first.getvalue()
        assert each.passphrase in first.getvalue()
        assert User.objects.get(email=each.email).check_password(each.passphrase)


def test_another_site_has_other_passphrases(settings):
    before = [each.passphrase for each in SIGN_INS]
    settings.SECRET_KEY = "another site's key"
    assert not set(before) & {each.passphrase for each in SIGN_INS}


def test_server_mode_has_no_demonstration_accounts(settings):
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="embedded mode only"):
        call_command("create_demo_accounts")
    assert not User.objects.exists()
