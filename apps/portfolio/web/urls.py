"""Pages of the portfolio, under `/o/<organization>/`."""

from django.urls import path

from apps.portfolio.web import pages

app_name = "portfolio"
urlpatterns = [
    path("capabilities/", pages.CapabilityList.as_view(), name="list"),
    path("capabilities/new/", pages.Create.as_view(), name="create"),
    path("capabilities/<uuid:capability_id>/", pages.Detail.as_view(), name="detail"),
    path("capabilities/<uuid:capability_id>/edit/", pages.Edit.as_view(), name="edit"),
    path("capabilities/<uuid:capability_id>/retire/", pages.Retire.as_view(), name="retire"),
]
