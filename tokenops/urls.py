"""Addresses. Each app owns its own under `/o/<organization>/` and `/api/v1/`."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

_APPS = (
    "portal organizations notifications trail portfolio pricing attribution ledger connectors "
    "connectors.push connectors.imports approvals budgets stories audits"
).split()


def _included(kind: str) -> list[URLPattern | URLResolver]:
    return [
        path("", include(f"apps.{app}.{kind}.urls"))
        for app in _APPS
        if f"apps.{app}" in settings.INSTALLED_APPS
        and find_spec(f"apps.{app}.{kind}")
        and find_spec(f"apps.{app}.{kind}.urls")
    ]


def _global(module: str) -> list[URLPattern | URLResolver]:
    parents = module.split(".")
    for depth in range(1, len(parents)):
        if not find_spec(".".join(parents[:depth])):
            return []
    return [path("", include(module))] if find_spec(module) else []


urlpatterns = [
    path("", include("tokenops.health")),
    path("", include("tokenops.metrics")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    *_global("apps.portal.web.global_urls"),
    *_global("apps.organizations.web.global_urls"),
    *_global("apps.accounts.web.urls"),
    path("o/<slug:org>/", include(_included("web"))),
    path("api/v1/", include(_included("api"))),
    *_global("apps.api.urls"),
]

handler400 = "apps.portal.web.errors.bad_request"
handler403 = "apps.portal.web.errors.forbidden"
handler404 = "apps.portal.web.errors.not_found"
handler500 = "apps.portal.web.errors.server_error"
