"""Addresses of webhooks under /api/v1/."""

from django.urls import path

from apps.webhooks.api import views

_ONE = "webhooks/<uuid:endpoint_id>/"
urlpatterns = [
    path("webhooks/", views.EndpointListView.as_view(), name="api-webhooks"),
    path(_ONE, views.EndpointView.as_view(), name="api-webhook"),
    path(f"{_ONE}pause/", views.PauseView.as_view(), name="api-webhook-pause"),
    path(f"{_ONE}resume/", views.ResumeView.as_view(), name="api-webhook-resume"),
    path(f"{_ONE}rotate/", views.RotateView.as_view(), name="api-webhook-rotate"),
    path(f"{_ONE}test/", views.TestView.as_view(), name="api-webhook-test"),
    path(f"{_ONE}deliveries/", views.DeliveryListView.as_view(), name="api-webhook-deliveries"),
    path(
        f"{_ONE}deliveries/<uuid:delivery_id>/repeat/",
        views.RepeatView.as_view(),
        name="api-webhook-repeat",
    ),
]
