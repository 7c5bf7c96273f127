"""Addresses of saved views in the API."""

from django.urls import path

from apps.savedviews.api import views

urlpatterns = [
    path("saved-views/", views.SavedViewListView.as_view(), name="api-saved-views"),
    path("saved-views/<uuid:view_id>/", views.SavedViewView.as_view(), name="api-saved-view"),
]
