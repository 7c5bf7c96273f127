"""Addresses of imports in the API."""

from django.urls import path

from apps.connectors.imports.api import mappings, views

urlpatterns = [
    path("imports/", views.ImportListView.as_view(), name="api-imports"),
    path("imports/mappings/", mappings.MappingListView.as_view(), name="api-import-mappings"),
    path(
        "imports/mappings/<uuid:saved_id>/",
        mappings.MappingView.as_view(),
        name="api-import-mapping-saved",
    ),
    path(
        "imports/<uuid:job_id>/use/",
        mappings.UseMappingView.as_view(),
        name="api-import-use",
    ),
    path("imports/<uuid:job_id>/", views.ImportView.as_view(), name="api-import"),
    path("imports/<uuid:job_id>/mapping/", views.MapView.as_view(), name="api-import-mapping"),
    path("imports/<uuid:job_id>/start/", views.StartView.as_view(), name="api-import-start"),
    path("imports/<uuid:job_id>/refused/", views.RefusedView.as_view(), name="api-import-refused"),
]
