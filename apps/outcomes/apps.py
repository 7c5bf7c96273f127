"""App registration."""

from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    """Registers trail actions and the card on the page of a capability."""

    name = "apps.outcomes"
    label = "outcomes"
    verbose_name = "Outcomes"

    def ready(self) -> None:
        from apps.outcomes import events  # noqa: F401 -- registers by import
        from apps.outcomes.web.panel import worth_panel
        from apps.portfolio.panels import register_panel

        register_panel("worth", worth_panel)
