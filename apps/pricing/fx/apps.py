from django.apps import AppConfig


class FxConfig(AppConfig):
    """Dated exchange rates and the reporting currency."""

    name = "apps.pricing.fx"
    label = "fx"

    def ready(self) -> None:
        from apps.pricing.fx import events  # noqa: F401
