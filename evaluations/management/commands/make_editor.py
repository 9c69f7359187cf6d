"""Let someone edit the catalogue, or end it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from evaluations.organisations.audit import record
from evaluations.organisations.models import User


class Command(BaseCommand):
    help = "Let the person with this e-mail address edit the catalogue. A change needs two editors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--end", action="store_true", help="end it instead")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody has the address {options['email']}. They need an account first.")
        if not user.full_name and not options["end"]:
            raise CommandError("Change logs name editors: this person needs a full name in the account first.")
        with transaction.atomic():
            user.is_staff = not options["end"]
            user.save(update_fields=["is_staff"])
            record(by=None, verb="end_editor" if options["end"] else "make_editor", subject=user)
        self.stdout.write(f"{user} {'no longer edits' if options['end'] else 'now edits'} the catalogue.")
