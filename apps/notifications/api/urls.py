"""Addresses of the inbox in the API."""

from django.urls import path

from apps.notifications.api import views

urlpatterns = [
    path("notifications/", views.NotificationListView.as_view(), name="api-notifications"),
    path(
        "notifications/preferences/",
        views.PreferencesView.as_view(),
        name="api-notification-preferences",
    ),
    path(
        "notifications/<uuid:notification_id>/read/",
        views.NotificationReadView.as_view(),
        name="api-notification-read",
    ),
]
