"""Addresses of trends in the API."""

from django.urls import path

from apps.portal.api import trends

urlpatterns = [
    path("trends/growth/", trends.GrowthView.as_view(), name="api-trends-growth"),
    path("trends/prices/", trends.PricesView.as_view(), name="api-trends-prices"),
    path("trends/sensitivity/", trends.SensitivityView.as_view(), name="api-trends-sensitivity"),
    path("trends/budgets/", trends.BudgetsView.as_view(), name="api-trends-budgets"),
]
