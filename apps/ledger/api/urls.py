"""Addresses of the ledger in the API. Records are pushed to `usage/records` (connectors)."""

from django.urls import path

from apps.ledger.api import change, record, runs, views

urlpatterns = [
    path("usage/query/", views.UsageQueryView.as_view(), name="api-usage-query"),
    path("usage/change/", change.UsageChangeView.as_view(), name="api-usage-change"),
    path("records/", views.RecordListView.as_view(), name="api-records"),
    path("records/<str:record>/", record.RecordView.as_view(), name="api-record"),
    path("restatements/", views.RestatementListView.as_view(), name="api-restatements"),
    path("runs/", runs.RunListView.as_view(), name="api-runs"),
    path("runs/figures/", runs.RunFiguresView.as_view(), name="api-run-figures"),
    path("runs/bands/", runs.RunBandsView.as_view(), name="api-run-bands"),
    path("runs/bands/<str:kind>/", runs.RunBandView.as_view(), name="api-run-band"),
    path("runs/<str:run>/", runs.RunView.as_view(), name="api-run"),
    path(
        "restatements/summary/", views.RestatementSummaryView.as_view(), name="api-restated-groups"
    ),
    path("adjustments/", views.AdjustmentListView.as_view(), name="api-adjustments"),
    path("periods/", views.PeriodListView.as_view(), name="api-periods"),
    path("periods/<str:month>/", views.PeriodView.as_view(), name="api-period"),
    path("retention/", views.RetentionView.as_view(), name="api-retention"),
    path("unattributed/", views.UnattributedView.as_view(), name="api-unattributed"),
    path("usage/owners/", views.OwnerCoverageView.as_view(), name="api-usage-owners"),
    path("reattributions/", views.ReattributionView.as_view(), name="api-reattributions"),
    path("unpriced/", views.UnpricedView.as_view(), name="api-unpriced"),
    path("recosts/", views.RecostView.as_view(), name="api-recosts"),
    path("recosts/<uuid:recost_job_id>/", views.RecostJobView.as_view(), name="api-recost"),
]
