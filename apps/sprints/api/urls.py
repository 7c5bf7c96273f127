"""Addresses of sprints in the API."""

from django.urls import path

from apps.sprints.api import views

urlpatterns = [
    path("sprints/", views.SprintListView.as_view(), name="api-sprints"),
    path("sprints/<uuid:sprint_id>/", views.SprintView.as_view(), name="api-sprint"),
    path(
        "sprints/<uuid:sprint_id>/stories/<uuid:story_id>/",
        views.SprintStoryView.as_view(),
        name="api-sprint-story",
    ),
    path("sprints/<uuid:sprint_id>/retro/", views.RetroView.as_view(), name="api-sprint-retro"),
]
