"""Pages of a person; mounted at the root of the site."""

from django.urls import path

from apps.accounts.web import profile

app_name = "accounts"
urlpatterns = [path("account/profile/", profile.Profile.as_view(), name="profile")]
