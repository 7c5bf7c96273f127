"""App registration."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "apps.approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        from apps.access.permissions import P
        from apps.approvals.services.steps import follow_people
        from apps.organizations.ports import register_people_changed
        from apps.savedviews import pages

        register_people_changed(follow_people)
        pages.register(
            "approvals",
            label="Approvals",
            url_name="approvals:list",
            permission=P.APPROVAL_VIEW,
        )
