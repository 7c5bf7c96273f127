"""Pages of budgets, under `/o/<organization>/`."""

from django.urls import path

from apps.budgets.web import burns, crossings, detail, edit, listing

app_name = "budgets"
urlpatterns = [
    path("budgets/", listing.BudgetList.as_view(), name="list"),
    path("budgets/crossings/", crossings.CrossingList.as_view(), name="crossings"),
    path("budgets/thresholds/", crossings.Thresholds.as_view(), name="thresholds"),
    path("budgets/burns/", burns.BurnList.as_view(), name="burns"),
    path("budgets/burns/<uuid:burn_id>/take/", burns.Take.as_view(), name="burn_take"),
    path("budgets/<uuid:budget_id>/stop/", burns.stop, name="stop"),
    path("budgets/new/", edit.Create.as_view(), name="create"),
    path("budgets/<uuid:budget_id>/", detail.Detail.as_view(), name="detail"),
    path("budgets/<uuid:budget_id>/revise/", edit.Revise.as_view(), name="revise"),
    path("budgets/<uuid:budget_id>/grant/", edit.Grant.as_view(), name="grant"),
    path("budgets/<uuid:budget_id>/move/", edit.Move.as_view(), name="move"),
    path("budgets/<uuid:budget_id>/edit/", edit.Edit.as_view(), name="edit"),
    path("budgets/<uuid:budget_id>/close/", edit.Close.as_view(), name="close"),
]
