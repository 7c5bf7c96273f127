from django.apps import AppConfig


class AttributionConfig(AppConfig):
    """Rules that map usage to unit, capability, story, phase and work item."""

    name = "apps.attribution"

    def ready(self) -> None:
        from apps.attribution import events  # noqa: F401
