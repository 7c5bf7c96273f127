"""Addresses of prices in the API."""

from django.urls import path

from apps.pricing.api import views

urlpatterns = [
    path("models/", views.ModelListView.as_view(), name="api-models"),
    path("model-standings/", views.StandingListView.as_view(), name="api-model-standings"),
    path("prices/", views.PriceListView.as_view(), name="api-prices"),
    path("prices/estimate/", views.EstimateView.as_view(), name="api-price-estimate"),
    path("price-changes/", views.PriceChangeListView.as_view(), name="api-price-changes"),
    path("negotiated-rates/", views.RateListView.as_view(), name="api-rates"),
    path("negotiated-rates/<uuid:rate_id>/", views.RateView.as_view(), name="api-rate"),
    path("negotiated-rates/<uuid:rate_id>/end/", views.RateEndView.as_view(), name="api-rate-end"),
]
