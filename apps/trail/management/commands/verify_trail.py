"""`manage.py verify_trail [--organization ID]`: recompute every hash chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope
from apps.trail import selectors


class Command(BaseCommand):
    help = "Recompute the trail's hash chain from its events; exits 1 on the first difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", help="id of one organization (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = options["organization"]
        organizations = [chosen] if chosen else doors.active_organizations()
        failed = 0
        for organization_id in organizations:
            with tenant_scope(organization_id):
                verdict = selectors.verify()
            failed += not verdict.ok
            detail = verdict.problem or f"{verdict.unsealed} events wait for sealing"
            state = "ok" if verdict.ok else "BROKEN"
            self.stdout.write(
                f"{organization_id} {state}: {verdict.blocks} blocks, "
                f"{verdict.events} events; {detail}"
            )
        if failed:
            raise CommandError(f"{failed} of {len(organizations)} trails do not verify")
