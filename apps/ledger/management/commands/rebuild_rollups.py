"""Rebuild an organization's rollups from its records: `manage.py rebuild_rollups <id>`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.ledger import services
from apps.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Rebuilds the rollups of one organization, in its present time zone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="Id of the organization.")

    def handle(self, *args: Any, **options: Any) -> None:
        with tenant_scope(options["organization"]):
            cells = services.rebuild()
        self.stdout.write(f"{cells} day x slice cells")
