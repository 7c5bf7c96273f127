"""App registration."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "apps.connectors"
    verbose_name = "Connectors"

    def ready(self) -> None:
        from apps.connectors.quality import late_sources, schema_changes
        from apps.ledger.quality.ports import register_detector

        register_detector(schema_changes)
        register_detector(late_sources)
