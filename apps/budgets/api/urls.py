"""Addresses of budgets in the API."""

from django.urls import path

from apps.budgets.api import burns, thresholds, views

urlpatterns = [
    path("budgets/", views.BudgetListView.as_view(), name="api-budgets"),
    path(
        "budgets/crossings/",
        thresholds.CrossingListView.as_view(),
        name="api-budget-crossings",
    ),
    path(
        "budgets/thresholds/",
        thresholds.ThresholdDefaultView.as_view(),
        name="api-budget-thresholds",
    ),
    path("budgets/burns/", burns.BurnListView.as_view(), name="api-budget-burns"),
    path("budgets/burns/<uuid:burn_id>/", burns.BurnView.as_view(), name="api-budget-burn"),
    path(
        "budgets/burns/<uuid:burn_id>/take/", burns.TakeView.as_view(), name="api-budget-burn-take"
    ),
    path("budgets/<uuid:budget_id>/", views.BudgetView.as_view(), name="api-budget"),
    path("budgets/<uuid:budget_id>/status/", views.StatusView.as_view(), name="api-budget-status"),
    path(
        "budgets/<uuid:budget_id>/entries/",
        views.EntryListView.as_view(),
        name="api-budget-entries",
    ),
    path("budgets/<uuid:budget_id>/revise/", views.ReviseView.as_view(), name="api-budget-revise"),
    path("budgets/<uuid:budget_id>/grant/", views.GrantView.as_view(), name="api-budget-grant"),
    path("budgets/<uuid:budget_id>/move/", views.MoveView.as_view(), name="api-budget-move"),
    path("budgets/<uuid:budget_id>/close/", views.CloseView.as_view(), name="api-budget-close"),
]
