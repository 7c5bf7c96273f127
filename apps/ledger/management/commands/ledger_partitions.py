"""Make month partitions of the records ahead of time: `manage.py ledger_partitions --months 12`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.common import clock
from apps.common.periods import month_of
from apps.ledger.services import partitions


class Command(BaseCommand):
    help = "Makes the month partitions of usage records from this month on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--months", type=int, default=12)

    def handle(self, *args: Any, **options: Any) -> None:
        month = month_of(clock.now().date())
        partitions.ensure(month.shift(number).start for number in range(options["months"]))
        self.stdout.write(f"partitions from {month} for {options['months']} months")
