"""Tenancy: isolation of organizations."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class TenancyConfig(AppConfig):
    name = "apps.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from apps.tenancy import checks  # noqa: F401 -- registers the checks
        from apps.tenancy.db import install

        def before(*, using: str, **kwargs: Any) -> None:
            install.before_migrate(using)

        def after(*, using: str, **kwargs: Any) -> None:
            install.after_migrate(using)

        pre_migrate.connect(before, sender=self, weak=False, dispatch_uid="tenancy.before")
        post_migrate.connect(after, sender=self, weak=False, dispatch_uid="tenancy.after")
