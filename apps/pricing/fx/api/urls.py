"""Addresses of exchange rates in the API."""

from django.urls import path

from apps.pricing.fx.api import views

urlpatterns = [
    path("exchange-rates/", views.RateListView.as_view(), name="api-exchange-rates"),
    path("exchange-rates/import/", views.ImportView.as_view(), name="api-exchange-rates-import"),
    path(
        "exchange-rates/<uuid:exchange_rate_id>/",
        views.RateView.as_view(),
        name="api-exchange-rate",
    ),
    path("reporting-currency/", views.ReportingView.as_view(), name="api-reporting-currency"),
]
