"""Address of the page of pushed usage."""

from django.urls import path

from apps.connectors.push.web.pages import Pushed

app_name = "push"
urlpatterns = [path("sources/pushed/", Pushed.as_view(), name="overview")]
