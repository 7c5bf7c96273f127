from django.apps import AppConfig


class PricingConfig(AppConfig):
    """Providers, models, dated price books and negotiated rates."""

    name = "apps.pricing"

    def ready(self) -> None:
        from apps.pricing import events  # noqa: F401
