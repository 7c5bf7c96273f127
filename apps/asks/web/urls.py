"""Pages of asks."""

from django.urls import path

from apps.asks.web import asking_pages, detail_page, list_page

app_name = "asks"
urlpatterns = [
    path("requests/", list_page.Asks.as_view(), name="list"),
    path("requests/new/", asking_pages.NewAsk.as_view(), name="new"),
    path("requests/<uuid:ask_id>/", detail_page.AskPage.as_view(), name="detail"),
    path("requests/<uuid:ask_id>/change/", asking_pages.ChangeAsk.as_view(), name="change"),
]
