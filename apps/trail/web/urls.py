"""Addresses of the trail."""

from django.urls import path

from apps.trail.web import views

app_name = "trail"
urlpatterns = [
    path("trail/", views.Trail.as_view(), name="list"),
    path("trail/seal/", views.seal, name="seal"),
    path("trail/<uuid:pk>/", views.event, name="event"),
]
