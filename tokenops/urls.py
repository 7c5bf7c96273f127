"""Addresses. Each app owns its own under `/o/<organization>/` and `/api/v1/`."""

from django.urls import include, path

PORTAL = [
    path("", include("apps.portal.web.urls")),
    path("", include("apps.organizations.web.urls")),
    path("", include("apps.notifications.web.urls")),
    path("", include("apps.trail.web.urls")),
    path("", include("apps.savedviews.web.urls")),
    path("", include("apps.portfolio.web.urls")),
    path("", include("apps.pricing.web.urls")),
    path("", include("apps.pricing.fx.web.urls")),
    path("", include("apps.attribution.web.urls")),
    path("", include("apps.ledger.web.urls")),
    path("", include("apps.ledger.quality.web.urls")),
    path("", include("apps.ledger.changelog.web.urls")),
    path("", include("apps.connectors.web.urls")),
    path("", include("apps.connectors.push.web.urls")),
    path("", include("apps.connectors.files.web.urls")),
    path("", include("apps.connectors.imports.web.urls")),
    path("", include("apps.connectors.seats.web.urls")),
    path("", include("apps.approvals.web.urls")),
    path("", include("apps.budgets.web.urls")),
    path("", include("apps.entitlements.web.urls")),
    path("", include("apps.asks.web.urls")),
    path("", include("apps.planning.web.urls")),
    path("", include("apps.sprints.web.urls")),
    path("", include("apps.stories.web.urls")),
    path("", include("apps.outcomes.web.urls")),
    path("", include("apps.audits.web.urls")),
    path("", include("apps.webhooks.web.urls")),
    path("", include("apps.reports.web.urls")),
]

API = [
    # Before the others: programs push many times a second, and patterns are tried in order.
    path("", include("apps.connectors.push.api.urls")),
    path("", include("apps.organizations.api.urls")),
    path("", include("apps.notifications.api.urls")),
    path("", include("apps.trail.api.urls")),
    path("", include("apps.savedviews.api.urls")),
    path("", include("apps.portfolio.api.urls")),
    path("", include("apps.pricing.api.urls")),
    path("", include("apps.pricing.fx.api.urls")),
    path("", include("apps.attribution.api.urls")),
    path("", include("apps.ledger.api.urls")),
    path("", include("apps.ledger.quality.api.urls")),
    path("", include("apps.ledger.changelog.api.urls")),
    path("", include("apps.connectors.api.urls")),
    path("", include("apps.connectors.files.api.urls")),
    path("", include("apps.connectors.imports.api.urls")),
    path("", include("apps.connectors.seats.api.urls")),
    path("", include("apps.approvals.api.urls")),
    path("", include("apps.budgets.api.urls")),
    path("", include("apps.entitlements.api.urls")),
    path("", include("apps.asks.api.urls")),
    path("", include("apps.planning.api.urls")),
    path("", include("apps.sprints.api.urls")),
    path("", include("apps.stories.api.urls")),
    path("", include("apps.outcomes.api.urls")),
    path("", include("apps.audits.api.urls")),
    path("", include("apps.webhooks.api.urls")),
    path("", include("apps.reports.api.urls")),
    path("", include("apps.portal.api.urls")),
]

urlpatterns = [
    path("", include("tokenops.health")),
    path("", include("tokenops.metrics")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("", include("apps.portal.web.global_urls")),
    path("", include("apps.organizations.web.global_urls")),
    path("", include("apps.accounts.web.urls")),
    path("o/<slug:org>/", include(PORTAL)),
    path("api/v1/", include(API)),
    path("", include("apps.api.urls")),
]

handler400 = "apps.portal.web.errors.bad_request"
handler403 = "apps.portal.web.errors.forbidden"
handler404 = "apps.portal.web.errors.not_found"
handler500 = "apps.portal.web.errors.server_error"
