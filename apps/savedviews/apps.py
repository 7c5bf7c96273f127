"""App registration."""

from django.apps import AppConfig


class SavedViewsConfig(AppConfig):
    name = "apps.savedviews"
    label = "savedviews"
    verbose_name = "Saved views"

    def ready(self) -> None:
        from apps.savedviews import events  # noqa: F401 -- registers by import
