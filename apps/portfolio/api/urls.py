"""Addresses of capabilities in the API."""

from django.urls import path

from apps.portfolio.api import views

urlpatterns = [
    path("tiers/", views.TiersView.as_view(), name="api-tiers"),
    path("capabilities/", views.CapabilityListView.as_view(), name="api-capabilities"),
    path(
        "capabilities/<uuid:capability_id>/", views.CapabilityView.as_view(), name="api-capability"
    ),
    path(
        "capabilities/<uuid:capability_id>/retire/",
        views.CapabilityRetireView.as_view(),
        name="api-capability-retire",
    ),
]
