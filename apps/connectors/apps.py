"""App registration."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "apps.connectors"
    verbose_name = "Connectors"

    def ready(self) -> None:
        from apps.connectors.overlap import overlapping_channels
        from apps.connectors.quality import keys_in_doubt, late_sources, schema_changes
        from apps.connectors.reconciliation.findings import bills_apart
        from apps.connectors.services.channels import SourceChannels
        from apps.ledger.ports import register_channels
        from apps.ledger.quality.ports import register_detector

        register_detector(schema_changes)
        register_detector(late_sources)
        register_detector(keys_in_doubt)
        register_detector(overlapping_channels)
        register_detector(bills_apart)
        register_channels(SourceChannels())
