"""Addresses of data-quality alerts."""

from django.urls import path

from apps.ledger.quality.web import alerts, growth

app_name = "quality"
_ONE = "usage/alerts/<uuid:quality_alert_id>/"

urlpatterns = [
    path("usage/alerts/", alerts.AlertList.as_view(), name="list"),
    path("usage/alerts/growth/", growth.Edit.as_view(), name="growth"),
    path(_ONE, alerts.detail, name="detail"),
    path(f"{_ONE}acknowledge/", alerts.Acknowledge.as_view(), name="acknowledge"),
    path(f"{_ONE}resolve/", alerts.Resolve.as_view(), name="resolve"),
]
