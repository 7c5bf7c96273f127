"""Pages of asks."""

from django.urls import path

from apps.asks.web import pages

app_name = "asks"
urlpatterns = [
    path("requests/", pages.Asks.as_view(), name="list"),
    path("requests/new/", pages.NewAsk.as_view(), name="new"),
    path("requests/<uuid:ask_id>/", pages.AskPage.as_view(), name="detail"),
    path("requests/<uuid:ask_id>/change/", pages.ChangeAsk.as_view(), name="change"),
]
