"""Ledger: usage records, rollups, periods and the query service."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        from apps.attribution.ports import register_usage_reader
        from apps.ledger import events  # noqa: F401 -- registers the trail's actions
        from apps.ledger.guards import refuse_settings
        from apps.ledger.selectors.spend import read_spend
        from apps.ledger.selectors.used_models import used_models
        from apps.ledger.web.capability import runs_panel, why_panel
        from apps.ledger.web.usage_card import unit_panel
        from apps.organizations.guards import settings_guard
        from apps.organizations.panels import register_panel as register_unit_panel
        from apps.portfolio.panels import register_panel
        from apps.pricing.ports import register_used_models

        register_panel("runs", runs_panel)
        register_panel("why", why_panel)
        register_unit_panel("usage", unit_panel)
        register_usage_reader(read_spend)
        register_used_models(used_models)
        settings_guard(refuse_settings)
