"""Addresses of exchange rates."""

from django.urls import path

from apps.pricing.fx.web import files, rates

app_name = "fx"

urlpatterns = [
    path("operate/exchange-rates/", rates.RateList.as_view(), name="rates"),
    path("operate/exchange-rates/new/", rates.RateNew.as_view(), name="rate_new"),
    path("operate/exchange-rates/reporting/", rates.Reporting.as_view(), name="reporting"),
    path("operate/exchange-rates/import/", files.Upload.as_view(), name="import"),
    path("operate/exchange-rates/import/<uuid:file_id>/", files.File.as_view(), name="file"),
    path(
        "operate/exchange-rates/import/<uuid:file_id>/discard/",
        files.Discard.as_view(),
        name="discard",
    ),
    path(
        "operate/exchange-rates/<uuid:exchange_rate_id>/withdraw/",
        rates.RateWithdraw.as_view(),
        name="rate_withdraw",
    ),
]
