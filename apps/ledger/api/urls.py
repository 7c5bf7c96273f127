"""Addresses of the ledger in the API. Records are pushed to `usage/records` (connectors)."""

from django.urls import path

from apps.ledger.api import views

urlpatterns = [
    path("usage/query/", views.UsageQueryView.as_view(), name="api-usage-query"),
    path("records/", views.RecordListView.as_view(), name="api-records"),
    path("restatements/", views.RestatementListView.as_view(), name="api-restatements"),
    path("periods/", views.PeriodListView.as_view(), name="api-periods"),
    path("periods/<str:month>/", views.PeriodView.as_view(), name="api-period"),
    path("retention/", views.RetentionView.as_view(), name="api-retention"),
    path("unpriced/", views.UnpricedView.as_view(), name="api-unpriced"),
    path("recosts/", views.RecostView.as_view(), name="api-recosts"),
    path("recosts/<uuid:recost_job_id>/", views.RecostJobView.as_view(), name="api-recost"),
]
