"""The portal: shell, home, overview, explore and error pages."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from apps.access.permissions import P
        from apps.portal import reports
        from apps.reports import kinds
        from apps.savedviews import pages

        for name, label, build in (
            ("league", "Workflows", reports.league_report),
            ("explore", "Explore", reports.explore_report),
        ):
            place = {"label": label, "url_name": f"portal:{name}"}
            pages.register(name, **place, permission=P.USAGE_VIEW, personal=("user",))
            kinds.register(name, **place, permission=P.USAGE_VIEW, build=build)
