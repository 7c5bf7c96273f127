"""Where usage is pushed."""

from django.urls import path

from apps.connectors.push.api.views import UsageRecordsView

urlpatterns = [
    path("usage/records", UsageRecordsView.as_view(), name="api-usage-records"),
    path("usage/records/", UsageRecordsView.as_view(schema=None), name="api-usage-records-slash"),
]
