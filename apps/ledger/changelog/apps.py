from django.apps import AppConfig


class ChangelogConfig(AppConfig):
    """What was changed about capabilities, and what it did to their figures."""

    name = "apps.ledger.changelog"
    label = "changelog"

    def ready(self) -> None:
        from apps.ledger.changelog import detectors, events  # noqa: F401 -- they register
        from apps.ledger.changelog.web.panel import changes_panel
        from apps.portfolio.panels import register_panel

        register_panel("changes", changes_panel)
