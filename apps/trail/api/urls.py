"""Addresses of the trail in the API."""

from django.urls import path

from apps.trail.api import views

urlpatterns = [
    path("trail/", views.TrailListView.as_view(), name="api-trail"),
    path("trail/seal/", views.TrailSealView.as_view(), name="api-trail-seal"),
    path("trail/<uuid:event_id>/", views.TrailEventView.as_view(), name="api-trail-event"),
]
