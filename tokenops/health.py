"""Liveness and readiness: `/healthz` (the process answers) and `/readyz` (database and cache too).

Plain text for probes, JSON with `?format=json`, OpenMetrics with `?format=openmetrics`.
"""

from django.urls import path
from health_check.views import HealthCheckView

READINESS = ("health_check.checks.Database", "health_check.checks.Cache")

urlpatterns = [
    path("healthz", HealthCheckView.as_view(checks=()), name="healthz"),
    path("readyz", HealthCheckView.as_view(checks=READINESS), name="readyz"),
]
