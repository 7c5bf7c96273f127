"""Addresses of the attribution rules."""

from django.urls import path

from apps.attribution.web import editor, rules

app_name = "attribution"

urlpatterns = [
    path("attribution/", rules.RuleList.as_view(), name="list"),
    path("attribution/test/", rules.test_box, name="test"),
    path("attribution/new/", editor.RuleNew.as_view(), name="new"),
    path("attribution/<uuid:rule_id>/", editor.RuleEdit.as_view(), name="edit"),
    path("attribution/<uuid:rule_id>/move/", rules.move, name="move"),
    path("attribution/<uuid:rule_id>/retire/", editor.RuleRetire.as_view(), name="retire"),
]
