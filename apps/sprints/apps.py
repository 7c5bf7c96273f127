"""App registration."""

from django.apps import AppConfig


class SprintsConfig(AppConfig):
    name = "apps.sprints"
    label = "sprints"
    verbose_name = "Sprints"

    def ready(self) -> None:
        from apps.sprints import events  # noqa: F401 -- registers by import
