"""Where usage is pushed."""

from django.urls import path

from apps.connectors.push.api.otlp import OtlpLogsView, OtlpMetricsView, OtlpTracesView
from apps.connectors.push.api.payloads import CloudEventsView, LiteLLMView
from apps.connectors.push.api.received import ReceivedView
from apps.connectors.push.api.views import UsageRecordsView

urlpatterns = [
    path("usage/records", UsageRecordsView.as_view(), name="api-usage-records"),
    path("usage/records/", UsageRecordsView.as_view(schema=None), name="api-usage-records-slash"),
    path("push/received/", ReceivedView.as_view(), name="api-push-received"),
    path("otlp/v1/traces", OtlpTracesView.as_view(), name="api-otlp-traces"),
    path("otlp/v1/metrics", OtlpMetricsView.as_view(), name="api-otlp-metrics"),
    path("litellm", LiteLLMView.as_view(), name="api-litellm"),
    path("events", CloudEventsView.as_view(), name="api-events"),
    path("otlp/v1/logs", OtlpLogsView.as_view(), name="api-otlp-logs"),
]
