"""Pages of the portal inside an organization."""

from django.urls import path

from apps.portal.web import explore, home, inform, trends

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("inform/", inform.inform, name="inform"),
    path("inform/explore/", explore.explore, name="explore"),
    path("inform/trends/", trends.trends, name="trends"),
]
