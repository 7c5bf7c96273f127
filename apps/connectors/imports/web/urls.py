"""Addresses of the CSV import."""

from django.urls import path

from apps.connectors.imports.web import job, listing

app_name = "imports"

urlpatterns = [
    path("imports/", listing.ImportList.as_view(), name="list"),
    path("imports/new/", listing.ImportNew.as_view(), name="new"),
    path("imports/<uuid:job_id>/", job.job_page, name="detail"),
    path("imports/<uuid:job_id>/mapping/", job.MappingPage.as_view(), name="mapping"),
    path("imports/<uuid:job_id>/start/", job.start, name="start"),
    path("imports/<uuid:job_id>/refused.csv", job.refused, name="refused"),
    path("imports/<uuid:job_id>/delete/", job.DeleteFile.as_view(), name="delete"),
]
