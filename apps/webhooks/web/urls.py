"""Addresses of the webhook pages, under the settings."""

from django.urls import path

from apps.webhooks.web import acts, pages

app_name = "webhooks"
_ONE = "settings/webhooks/<uuid:endpoint_id>/"
urlpatterns = [
    path("settings/webhooks/", pages.Endpoints.as_view(), name="list"),
    path("settings/webhooks/new/", acts.New.as_view(), name="new"),
    path(_ONE, pages.Deliveries.as_view(), name="detail"),
    path(f"{_ONE}edit/", acts.Edit.as_view(), name="edit"),
    path(f"{_ONE}rotate/", acts.Rotate.as_view(), name="rotate"),
    path(f"{_ONE}pause/", acts.Pause.as_view(), name="pause"),
    path(f"{_ONE}resume/", acts.resume, name="resume"),
    path(f"{_ONE}retire/", acts.Retire.as_view(), name="retire"),
    path(f"{_ONE}test/", acts.test, name="test"),
    path(f"{_ONE}<uuid:delivery_id>/", pages.delivery, name="delivery"),
    path(f"{_ONE}<uuid:delivery_id>/repeat/", acts.repeat, name="repeat"),
]
