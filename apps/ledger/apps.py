"""Ledger: usage records, rollups, periods and the query service."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        from apps.attribution.ports import register_usage_reader
        from apps.ledger import events  # noqa: F401 -- registers the trail's actions
        from apps.ledger.selectors.spend import read_spend

        register_usage_reader(read_spend)
