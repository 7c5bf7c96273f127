"""Compare every rollup cell with a recomputation from records: `manage.py verify_rollups`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.ledger.selectors.periods import is_unchanged, periods
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.selectors.verify_runs import verify_runs
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Compares every rollup cell with a recomputation from records, for each organization."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", help="Id of one organization; default all.")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = options["organization"]
        wrong = 0
        for organization_id in [chosen] if chosen else doors.active_organizations():
            with tenant_scope(organization_id):
                found, runs = verify_rollups(), verify_runs()
                moved = [p.key for p in periods() if is_unchanged(p.month) is False]
            wrong += found.wrong + runs.wrong + len(moved)
            digests = f" ({found.by_digest} months by digest)" if found.by_digest else ""
            self.stdout.write(
                f"{organization_id}: {found.cells} cells, {found.wrong} wrong{digests}; "
                f"{runs.cells} runs and days of runs, {runs.wrong} wrong"
            )
            for difference in (*found.differences, *runs.differences):
                self.stdout.write(
                    f"  {difference.table} {difference.cell}: stored {difference.stored}, "
                    f"records say {difference.expected}"
                )
            for month in moved:
                self.stdout.write(f"  {month} is closed and its cells changed")
        if wrong:
            raise CommandError(f"{wrong} cells, runs or periods are wrong")
