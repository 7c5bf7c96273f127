"""Pages of sprints."""

from django.urls import path

from apps.sprints.web import calendar, detail

app_name = "sprints"
urlpatterns = [
    path("sprints/", calendar.Sprints.as_view(), name="list"),
    path("sprints/new/", calendar.NewSprints.as_view(), name="new"),
    path("sprints/import/", calendar.ImportSprints.as_view(), name="import"),
    path("sprints/<uuid:sprint_id>/", detail.SprintPage.as_view(), name="detail"),
    path("sprints/<uuid:sprint_id>/change/", calendar.ChangeSprint.as_view(), name="change"),
    path("sprints/<uuid:sprint_id>/remove/", calendar.RemoveSprint.as_view(), name="remove"),
    path("sprints/<uuid:sprint_id>/stories/", detail.ChooseStory.as_view(), name="story"),
    path("sprints/<uuid:sprint_id>/retro.md", detail.retro_file, name="retro"),
]
