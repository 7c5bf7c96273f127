"""Addresses of planning in the API."""

from django.urls import path

from apps.planning.api import views

urlpatterns = [
    path("planning-cycles/", views.CycleListView.as_view(), name="api-planning-cycles"),
    path("planning-cycles/<uuid:cycle_id>/", views.CycleView.as_view(), name="api-planning-cycle"),
    path(
        "planning-cycles/<uuid:cycle_id>/envelopes/",
        views.EnvelopesView.as_view(),
        name="api-planning-envelopes",
    ),
    path(
        "planning-cycles/<uuid:cycle_id>/rounds/",
        views.RoundsView.as_view(),
        name="api-planning-rounds",
    ),
    path(
        "planning-cycles/<uuid:cycle_id>/lock/", views.LockView.as_view(), name="api-planning-lock"
    ),
    path(
        "envelopes/<uuid:envelope_id>/request/",
        views.EnvelopeRequestView.as_view(),
        name="api-envelope-request",
    ),
    path(
        "envelopes/<uuid:envelope_id>/allocation/",
        views.EnvelopeAllocationView.as_view(),
        name="api-envelope-allocation",
    ),
    path(
        "envelopes/<uuid:envelope_id>/budget/",
        views.EnvelopeBudgetView.as_view(),
        name="api-envelope-budget",
    ),
]
