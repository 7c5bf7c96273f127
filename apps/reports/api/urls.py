"""Addresses of scheduled reports in the API."""

from django.urls import path

from apps.reports.api import views

_ONE = "report-schedules/<uuid:schedule_id>/"
urlpatterns = [
    path("report-schedules/", views.SchedulesView.as_view(), name="api-report-schedules"),
    path(_ONE, views.ScheduleView.as_view(), name="api-report-schedule"),
    path(f"{_ONE}pause/", views.PauseView.as_view(), name="api-report-pause"),
    path(f"{_ONE}resume/", views.ResumeView.as_view(), name="api-report-resume"),
    path(f"{_ONE}send/", views.SendView.as_view(), name="api-report-send"),
    path(f"{_ONE}leave/", views.LeaveView.as_view(), name="api-report-leave"),
    path(f"{_ONE}copies/", views.CopiesView.as_view(), name="api-report-copies"),
]
