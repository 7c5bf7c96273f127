"""Addresses of outcomes in the API."""

from django.urls import path

from apps.outcomes.api import views

urlpatterns = [
    path("worth/", views.WorthListView.as_view(), name="api-worth"),
    path("worth/<uuid:capability_id>/", views.WorthView.as_view(), name="api-worth-one"),
    path(
        "worth/<uuid:capability_id>/decisions/",
        views.DecisionsView.as_view(),
        name="api-worth-decisions",
    ),
]
