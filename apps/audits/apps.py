"""Consumption audits."""

from django.apps import AppConfig


class AuditsConfig(AppConfig):
    name = "apps.audits"
    label = "audits"

    def ready(self) -> None:
        from apps.approvals.subjects import register, register_panel
        from apps.audits import events  # noqa: F401 -- registers by import
        from apps.audits.selectors import finding_panel
        from apps.audits.services.sign_off import AuditSubject

        register(AuditSubject.subject_type, AuditSubject())
        register_panel("exception", "finding", finding_panel)
