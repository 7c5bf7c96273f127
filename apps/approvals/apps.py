"""App registration."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "apps.approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        from apps.access.permissions import P
        from apps.savedviews import pages

        pages.register(
            "approvals",
            label="Approvals",
            url_name="approvals:list",
            permission=P.APPROVAL_VIEW,
        )
