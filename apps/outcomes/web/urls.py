"""Pages of outcomes."""

from django.urls import path

from apps.outcomes.web.decide_page import Decide
from apps.outcomes.web.detail_page import WorthPage
from apps.outcomes.web.list_page import WorthList

app_name = "outcomes"
urlpatterns = [
    path("worth/", WorthList.as_view(), name="list"),
    path("worth/<uuid:capability_id>/", WorthPage.as_view(), name="detail"),
    path("worth/<uuid:capability_id>/decide/", Decide.as_view(), name="decide"),
]
