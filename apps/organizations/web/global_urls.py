"""Pages outside any organization."""

from django.urls import path

from apps.organizations.web import entry

app_name = "organizations_global"
urlpatterns = [
    path("setup/", entry.Setup.as_view(), name="setup"),
    path("invitations/<str:token>/", entry.Join.as_view(), name="invitation"),
    path("support/", entry.EnterAsSupport.as_view(), name="support"),
]
