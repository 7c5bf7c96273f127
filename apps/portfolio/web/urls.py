"""Pages of the portfolio, under `/o/<organization>/`."""

from django.urls import path

from apps.portfolio.web import pages, tiers

app_name = "portfolio"
urlpatterns = [
    path("capabilities/", pages.CapabilityList.as_view(), name="list"),
    path("capabilities/new/", pages.Create.as_view(), name="create"),
    path("capabilities/<uuid:capability_id>/", pages.Detail.as_view(), name="detail"),
    path("capabilities/<uuid:capability_id>/edit/", pages.Edit.as_view(), name="edit"),
    path("settings/tiers/", tiers.TiersPage.as_view(), name="tiers"),
    path("capabilities/<uuid:capability_id>/retire/", pages.Retire.as_view(), name="retire"),
]
