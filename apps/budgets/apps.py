"""App registration."""

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "apps.budgets"
    verbose_name = "Budgets"

    def ready(self) -> None:
        from apps.budgets.quality import filling_budgets
        from apps.budgets.web import capability
        from apps.ledger.quality.ports import register_detector
        from apps.portfolio.panels import register_costs, register_panel

        register_detector(filling_budgets)
        register_panel("usage", capability.usage_panel)
        register_panel("budgets", capability.budgets_panel)
        register_costs(capability.costs)
