"""Addresses of sources of files in the API."""

from django.urls import path

from apps.connectors.files.api import views

_ONE = "sources/<uuid:source_id>/"
urlpatterns = [
    path("sources/files/", views.NewPlaceView.as_view(), name="api-source-files-new"),
    path(f"{_ONE}place/", views.PlaceView.as_view(), name="api-source-place"),
    path(f"{_ONE}files/", views.FileListView.as_view(), name="api-source-files"),
    path("sources/runs/<uuid:run_id>/files/", views.RunFilesView.as_view(), name="api-run-files"),
]
