"""Addresses of the sources API."""

from django.urls import path

from apps.connectors.accounts.api import AccountsView, CoverageView
from apps.connectors.api import views
from apps.connectors.inventory.api import InventoryView
from apps.connectors.reconciliation.api import LimitsView, ReconciliationView

_ONE = "sources/<uuid:source_id>/"
urlpatterns = [
    path("sources/", views.SourceListView.as_view(), name="api-sources"),
    path("key-inventory/", InventoryView.as_view(), name="api-key-inventory"),
    path("provider-accounts/", AccountsView.as_view(), name="api-provider-accounts"),
    path("coverage/", CoverageView.as_view(), name="api-coverage"),
    path("reconciliation/", ReconciliationView.as_view(), name="api-reconciliation"),
    path("reconciliation/limits/", LimitsView.as_view(), name="api-reconciliation-limits"),
    path("sources/runs/<uuid:run_id>/", views.RunView.as_view(), name="api-run"),
    path(_ONE, views.SourceView.as_view(), name="api-source"),
    path(f"{_ONE}credential/", views.SourceCredentialView.as_view(), name="api-source-credential"),
    path(f"{_ONE}pause/", views.SourcePauseView.as_view(), name="api-source-pause"),
    path(f"{_ONE}resume/", views.SourceResumeView.as_view(), name="api-source-resume"),
    path(f"{_ONE}pull/", views.SourcePullView.as_view(), name="api-source-pull"),
    path(f"{_ONE}check/", views.SourceCheckView.as_view(), name="api-source-check"),
    path(f"{_ONE}alarms/", views.SourceAlarmListView.as_view(), name="api-source-alarms"),
    path(
        f"{_ONE}alarms/<uuid:alarm_id>/acknowledge/",
        views.SourceAlarmView.as_view(),
        name="api-source-alarm",
    ),
    path(f"{_ONE}other-usage/", views.SourceUnitListView.as_view(), name="api-source-units"),
    path(f"{_ONE}comparison/", views.SourceComparedListView.as_view(), name="api-source-compared"),
    path(f"{_ONE}role/", views.SourceRoleView.as_view(), name="api-source-role"),
    path(f"{_ONE}runs/", views.SourceRunListView.as_view(), name="api-source-runs"),
]
