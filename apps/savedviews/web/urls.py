"""Addresses of saved views."""

from django.urls import path

from apps.savedviews.web import views

app_name = "savedviews"
urlpatterns = [
    path("views/save/", views.save, name="save"),
    path("views/<uuid:view_id>/default/", views.default, name="default"),
    path("views/<uuid:view_id>/delete/", views.delete, name="delete"),
]
