"""Addresses of models, prices and negotiated rates."""

from django.urls import path

from apps.pricing.web import models, rates, standings

app_name = "pricing"

urlpatterns = [
    path("optimize/models/", models.ModelList.as_view(), name="list"),
    path("optimize/models/changes/", models.ChangeList.as_view(), name="changes"),
    path("optimize/models/<uuid:model_id>/", models.model_detail, name="detail"),
    path(
        "optimize/models/<uuid:model_id>/standing/",
        standings.StandingEdit.as_view(),
        name="standing",
    ),
    path("optimize/rates/", rates.RateList.as_view(), name="rates"),
    path("optimize/rates/new/", rates.RateNew.as_view(), name="rate_new"),
    path("optimize/rates/<uuid:rate_id>/edit/", rates.RateEdit.as_view(), name="rate_edit"),
    path("optimize/rates/<uuid:rate_id>/end/", rates.RateEnd.as_view(), name="rate_end"),
    path(
        "optimize/rates/<uuid:rate_id>/withdraw/",
        rates.RateWithdraw.as_view(),
        name="rate_withdraw",
    ),
]
