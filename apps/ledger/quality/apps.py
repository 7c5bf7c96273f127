from django.apps import AppConfig


class QualityConfig(AppConfig):
    """Data-quality alerts."""

    name = "apps.ledger.quality"
    label = "quality"

    def ready(self) -> None:
        from apps.ledger.quality import detectors, events, growth  # noqa: F401
