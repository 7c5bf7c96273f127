from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """CSV files of usage: upload, mapping, dry run, import."""

    name = "apps.connectors.imports"
    label = "imports"

    def ready(self) -> None:
        from apps.connectors.imports import events  # noqa: F401
