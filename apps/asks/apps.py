"""App registration."""

from django.apps import AppConfig


class AsksConfig(AppConfig):
    name = "apps.asks"
    label = "asks"
    verbose_name = "Requests"

    def ready(self) -> None:
        from apps.approvals.subjects import register
        from apps.asks import events  # noqa: F401 -- registers by import
        from apps.asks.services.subject import (
            BudgetChangeSubject,
            EntitlementSubject,
            ExceptionSubject,
        )

        register(BudgetChangeSubject.subject_type, BudgetChangeSubject())
        register(ExceptionSubject.subject_type, ExceptionSubject())
        register(EntitlementSubject.subject_type, EntitlementSubject())
