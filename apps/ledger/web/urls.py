"""Pages of the ledger, under `/o/<organization>/`."""

from django.urls import path

from apps.ledger.web import (
    adjustments,
    periods,
    queues,
    record,
    records,
    recost,
    restatements,
    retention,
    run,
    run_bands,
    runs,
    unattributed,
)

app_name = "ledger"
urlpatterns = [
    path("usage/records/", records.RecordList.as_view(), name="records"),
    path("usage/records/<str:record>/", record.record, name="record"),
    path("usage/runs/", runs.RunList.as_view(), name="runs"),
    path("usage/runs/bands/", run_bands.Bands.as_view(), name="run_bands"),
    path("usage/runs/bands/<str:kind>/", run_bands.EditBands.as_view(), name="run_bands_edit"),
    path("usage/runs/<str:run>/", run.run, name="run"),
    path("usage/restatements/", restatements.RestatementList.as_view(), name="restatements"),
    path(
        "usage/restatements/groups/",
        restatements.RestatementGroups.as_view(),
        name="restatement_groups",
    ),
    path("usage/unpriced/", queues.Unpriced.as_view(), name="unpriced"),
    path("usage/unpriced/model/", recost.PriceModel.as_view(), name="price_model"),
    path("usage/unpriced/price/", recost.Preview.as_view(), name="recost"),
    path("usage/unpriced/price/<uuid:recost_job_id>/", recost.job, name="recost_job"),
    path("usage/unattributed/", unattributed.Unattributed.as_view(), name="unattributed"),
    path("usage/unattributed/accept/", unattributed.accept, name="accept_owner"),
    path("usage/attribution/", unattributed.Coverage.as_view(), name="attribution"),
    path("usage/periods/", periods.PeriodList.as_view(), name="periods"),
    path("usage/periods/adjustments/", adjustments.AdjustmentList.as_view(), name="adjustments"),
    path("usage/periods/<str:month>/", periods.period, name="period"),
    path("usage/periods/<str:month>/settle/", periods.Settle.as_view(), name="period_settle"),
    path("usage/periods/<str:month>/close/", periods.Close.as_view(), name="period_close"),
    path("usage/periods/<str:month>/reopen/", periods.Reopen.as_view(), name="period_reopen"),
    path("usage/retention/", retention.MonthList.as_view(), name="retention"),
    path("usage/retention/edit/", retention.Edit.as_view(), name="retention_edit"),
]
