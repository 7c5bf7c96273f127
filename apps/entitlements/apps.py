"""App registration."""

from django.apps import AppConfig


class EntitlementsConfig(AppConfig):
    name = "apps.entitlements"
    label = "entitlements"
    verbose_name = "Entitlements"

    def ready(self) -> None:
        from apps.entitlements import events  # noqa: F401 -- registers by import
        from apps.entitlements.web.capability import entitlement_panel
        from apps.portfolio.panels import register_panel

        register_panel("entitlements", entitlement_panel)
