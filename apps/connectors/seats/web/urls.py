"""Addresses of the seat pages."""

from django.urls import path

from apps.connectors.seats.web import pages

app_name = "seats"
urlpatterns = [
    path("seats/", pages.Plans.as_view(), name="list"),
    path("seats/people/", pages.People.as_view(), name="people"),
    path("seats/new/", pages.PlanNew.as_view(), name="new"),
    path("seats/import/", pages.Import.as_view(), name="import"),
    path("seats/<uuid:plan_id>/", pages.PlanEdit.as_view(), name="edit"),
]
