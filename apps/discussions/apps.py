"""App registration."""

from django.apps import AppConfig


class DiscussionsConfig(AppConfig):
    name = "apps.discussions"
    verbose_name = "Discussions"

    def ready(self) -> None:
        from apps.discussions import events  # noqa: F401 -- registers by import
