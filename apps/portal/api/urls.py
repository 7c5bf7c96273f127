"""Addresses of the portal's own figures in the API: trends, domains, workflows."""

from django.urls import path

from apps.portal.api import domains, league, trends

urlpatterns = [
    path("workflows/", league.LeagueView.as_view(), name="api-league"),
    path("trends/growth/", trends.GrowthView.as_view(), name="api-trends-growth"),
    path("trends/prices/", trends.PricesView.as_view(), name="api-trends-prices"),
    path("trends/sensitivity/", trends.SensitivityView.as_view(), name="api-trends-sensitivity"),
    path("trends/budgets/", trends.BudgetsView.as_view(), name="api-trends-budgets"),
    path("domains/development/estimate/", domains.EstimateView.as_view(), name="api-domain-year"),
    path("domains/analytics/people/", domains.PeopleView.as_view(), name="api-domain-people"),
    path("domains/<str:kind>/", domains.DomainView.as_view(), name="api-domain"),
]
