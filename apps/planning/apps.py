"""App registration."""

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "apps.planning"
    label = "planning"
    verbose_name = "Planning"

    def ready(self) -> None:
        from apps.planning import events  # noqa: F401 -- registers by import
