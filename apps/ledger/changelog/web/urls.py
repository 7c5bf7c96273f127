"""Addresses of the change log."""

from django.urls import path

from apps.ledger.changelog.web import pages

app_name = "changelog"
_ONE = "changes/<uuid:change_id>/"

urlpatterns = [
    path("changes/", pages.ChangeList.as_view(), name="list"),
    path("changes/new/", pages.New.as_view(), name="new"),
    path(_ONE, pages.detail, name="detail"),
    path(f"{_ONE}correct/", pages.Correct.as_view(), name="correct"),
    path(f"{_ONE}withdraw/", pages.Withdraw.as_view(), name="withdraw"),
]
