"""Addresses of asks in the API."""

from django.urls import path

from apps.asks.api import views

urlpatterns = [
    path("requests/", views.AskListView.as_view(), name="api-asks"),
    path("requests/<uuid:ask_id>/", views.AskView.as_view(), name="api-ask"),
]
