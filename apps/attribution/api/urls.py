"""Addresses of attribution in the API."""

from django.urls import path

from apps.attribution.api import views

urlpatterns = [
    path("attribution-rules/", views.RuleListView.as_view(), name="api-attribution-rules"),
    path("attribution-rules/order/", views.OrderView.as_view(), name="api-attribution-order"),
    path("attribution-rules/ask/", views.AskView.as_view(), name="api-attribution-ask"),
    path(
        "attribution-rules/<uuid:rule_id>/", views.RuleView.as_view(), name="api-attribution-rule"
    ),
]
