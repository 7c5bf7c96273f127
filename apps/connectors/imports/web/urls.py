"""Addresses of the CSV import."""

from django.urls import path

from apps.connectors.imports.web import job, listing, mappings

app_name = "imports"

urlpatterns = [
    path("imports/", listing.ImportList.as_view(), name="list"),
    path("imports/new/", listing.ImportNew.as_view(), name="new"),
    path("imports/mappings/", mappings.MappingList.as_view(), name="mappings"),
    path("imports/mappings/<uuid:saved_id>/", mappings.MappingEdit.as_view(), name="mapping_edit"),
    path(
        "imports/mappings/<uuid:saved_id>/delete/",
        mappings.MappingDelete.as_view(),
        name="mapping_delete",
    ),
    path("imports/<uuid:job_id>/save/", mappings.MappingKeep.as_view(), name="mapping_keep"),
    path("imports/<uuid:job_id>/use/", mappings.use, name="mapping_use"),
    path("imports/<uuid:job_id>/", job.job_page, name="detail"),
    path("imports/<uuid:job_id>/mapping/", job.MappingPage.as_view(), name="mapping"),
    path("imports/<uuid:job_id>/start/", job.start, name="start"),
    path("imports/<uuid:job_id>/refused.csv", job.refused, name="refused"),
    path("imports/<uuid:job_id>/delete/", job.DeleteFile.as_view(), name="delete"),
]
