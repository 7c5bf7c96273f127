"""Addresses of sources that read files."""

from django.urls import path

from apps.connectors.files.web import pages

app_name = "files"
_ONE = "sources/<uuid:source_id>/"
urlpatterns = [
    path("sources/files/new/", pages.PlaceNew.as_view(), name="new"),
    path(f"{_ONE}files/", pages.PlaceFiles.as_view(), name="list"),
    path(f"{_ONE}place/", pages.PlaceEdit.as_view(), name="edit"),
    path(f"{_ONE}files/again/", pages.PlaceAgain.as_view(), name="again"),
]
