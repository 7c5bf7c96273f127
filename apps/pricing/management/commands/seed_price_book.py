"""Load the offline price book of the installed genai-prices package into the catalogue."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.pricing.seed import seed_price_book


class Command(BaseCommand):
    """Runs as the owner role: the app role only reads the catalogue. Repeating changes nothing."""

    help = "Load the price book of the installed genai-prices package."

    def handle(self, *args: Any, **options: Any) -> None:
        done = seed_price_book()
        if done.unchanged:
            self.stdout.write(f"Price book {done.package}: already loaded ({done.prices} prices).")
            return
        self.stdout.write(
            f"Price book {done.package}: {done.providers} providers, {done.models} models, "
            f"{done.prices} prices ({done.added} new, {done.superseded} superseded)."
        )
