"""Addresses of data-quality alerts in the API."""

from django.urls import path

from apps.ledger.quality.api import growth, views

_ONE = "data-quality/<uuid:quality_alert_id>/"

urlpatterns = [
    path("data-quality/", views.AlertListView.as_view(), name="api-quality-alerts"),
    path(
        "data-quality/growth-threshold/",
        growth.GrowthThresholdView.as_view(),
        name="api-growth-threshold",
    ),
    path(_ONE, views.AlertView.as_view(), name="api-quality-alert"),
    path(f"{_ONE}acknowledge/", views.AcknowledgeView.as_view(), name="api-quality-acknowledge"),
    path(f"{_ONE}resolve/", views.ResolveView.as_view(), name="api-quality-resolve"),
]
