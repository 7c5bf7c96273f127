"""Addresses of the change log in the API."""

from django.urls import path

from apps.ledger.changelog.api import views

_ONE = "changes/<uuid:change_id>/"

urlpatterns = [
    path("changes/", views.ChangeListView.as_view(), name="api-changes"),
    path(_ONE, views.ChangeView.as_view(), name="api-change"),
    path(f"{_ONE}withdraw/", views.WithdrawView.as_view(), name="api-change-withdraw"),
]
