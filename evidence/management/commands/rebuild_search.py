"""Read the catalogue again into the search index."""

from typing import Any

from django.core.management.base import BaseCommand

from evidence.search.actions import rebuild_index


class Command(BaseCommand):
    help = "Forget the search index and read the catalogue into it again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rebuild_index()} documents indexed")
