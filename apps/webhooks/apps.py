"""App registration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from apps.connectors.services.rotation import register_encrypted
        from apps.webhooks import tasks  # noqa: F401 -- registers the outbox handler
        from apps.webhooks.models import WebhookEndpoint

        register_encrypted(WebhookEndpoint, "address", "secret", "old_secret")
