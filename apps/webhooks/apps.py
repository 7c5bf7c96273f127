"""App registration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from apps.webhooks import tasks  # noqa: F401 -- registers the outbox handler
