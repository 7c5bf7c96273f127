"""Pages of scheduled reports."""

from django.urls import path

from apps.reports.web import acts, forms, pages

app_name = "reports"
_ONE = "reports/<uuid:schedule_id>/"
urlpatterns = [
    path("reports/", pages.Schedules.as_view(), name="list"),
    path("reports/new/", forms.New.as_view(), name="new"),
    path(_ONE, pages.Copies.as_view(), name="detail"),
    path(f"{_ONE}edit/", forms.Edit.as_view(), name="edit"),
    path(f"{_ONE}send/", acts.send_one, name="send"),
    path(f"{_ONE}pause/", acts.pause, name="pause"),
    path(f"{_ONE}resume/", acts.resume, name="resume"),
    path(f"{_ONE}leave/", acts.Leave.as_view(), name="leave"),
    path(f"{_ONE}delete/", acts.Delete.as_view(), name="delete"),
]
