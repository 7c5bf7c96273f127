"""App registration."""

from django.apps import AppConfig


class SeatsConfig(AppConfig):
    name = "apps.connectors.seats"
    label = "seats"
    verbose_name = "Seats"
