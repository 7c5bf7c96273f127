"""Pages of the portal inside an organization."""

from django.urls import path

from apps.portal.web import home

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
]
