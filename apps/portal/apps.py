"""The portal: shell, home, overview, explore and error pages."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
    verbose_name = "Portal"
