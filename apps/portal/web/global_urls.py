"""Pages outside any organization."""

from django.urls import path

from apps.portal.web import chooser, preferences

app_name = "portal_global"
urlpatterns = [
    path("", chooser.chooser, name="chooser"),
    path("preferences/theme/", preferences.set_theme, name="theme"),
]
