"""App registration."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "apps.reports"
    label = "reports"
    verbose_name = "Scheduled reports"

    def ready(self) -> None:
        from apps.reports import events, tasks  # noqa: F401 -- register by import
