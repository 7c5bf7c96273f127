"""The portal: shell, home, overview, explore and error pages."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from apps.access.permissions import P
        from apps.savedviews import pages

        pages.register(
            "explore", label="Explore", url_name="portal:explore", permission=P.USAGE_VIEW
        )
