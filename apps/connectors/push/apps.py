from django.apps import AppConfig


class PushConfig(AppConfig):
    """Usage records that callers push."""

    name = "apps.connectors.push"
    label = "push"
