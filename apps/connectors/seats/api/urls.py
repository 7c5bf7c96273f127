"""Addresses of seats under /api/v1/."""

from django.urls import path

from apps.connectors.seats.api import views

urlpatterns = [
    path("seat-plans/", views.PlanListView.as_view(), name="api-seat-plans"),
    path("seat-plans/<uuid:plan_id>/", views.PlanView.as_view(), name="api-seat-plan"),
    path("seats/", views.SeatListView.as_view(), name="api-seats"),
    path("seats/import/", views.ImportView.as_view(), name="api-seats-import"),
]
