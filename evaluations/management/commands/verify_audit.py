"""Check that no audit event was altered, taken out or cut off."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluations.organisations.audit import broken_links
from evaluations.organisations.models import AuditChain


class Command(BaseCommand):
    help = "Check every chain of audit events, link by link. Ends with an error where one does not hold."

    def handle(self, *args: Any, **options: Any) -> None:
        broken, events = [], 0
        for chain in AuditChain.objects.order_by("name"):
            events += chain.length
            broken += broken_links(chain)
        for link in broken:
            self.stderr.write(f"{link.chain}, event {link.sequence}: {link.message}")
        if broken:
            raise CommandError(f"{len(broken)} broken links in {events} events.")
        self.stdout.write(f"All {events} events hold.")
