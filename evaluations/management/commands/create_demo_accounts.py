"""Make the demonstration accounts of a site on one machine, and say how to sign in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluations.organisations.demo import create_demo_accounts


class Command(BaseCommand):
    help = "Create an evaluator, a reviewer and two editors to try the site with. Embedded mode only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("Demonstration accounts are made in the embedded mode only, and DATABASE_URL is set.")
        self.stdout.write(
            "Sign in as any of these. Releasing a result needs evaluator and reviewer; editing, both editors:"
        )
        for each in reversed(create_demo_accounts()):
            self.stdout.write(f"  {each.part:<10} {each.email:<26} {each.passphrase}")
