"""Addresses of the inbox."""

from django.urls import path

from apps.notifications.web import inbox, preferences

app_name = "notifications"
urlpatterns = [
    path("notifications/", inbox.Inbox.as_view(), name="list"),
    path("notifications/preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("notifications/read/", inbox.read_all, name="read_all"),
    path("notifications/<uuid:pk>/", inbox.one, name="one"),
]
