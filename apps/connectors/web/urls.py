"""Addresses of the source pages."""

from django.urls import path

from apps.connectors.accounts import web as accounts
from apps.connectors.inventory import web as inventory
from apps.connectors.reconciliation.web import LimitsPage, ReconciliationPage
from apps.connectors.web import actions, runs, sources, usage

app_name = "connectors"
_ONE = "sources/<uuid:source_id>/"
urlpatterns = [
    path("sources/", sources.SourceList.as_view(), name="list"),
    path("sources/new/", sources.SourceNew.as_view(), name="new"),
    path("sources/reconciliation/", ReconciliationPage.as_view(), name="reconciliation"),
    path("sources/reconciliation/limits/", LimitsPage.as_view(), name="limits"),
    path("sources/inventory/", inventory.Inventory.as_view(), name="inventory"),
    path("sources/inventory/review/", inventory.Review.as_view(), name="key_review"),
    path("sources/coverage/", accounts.Coverage.as_view(), name="coverage"),
    path("sources/accounts/", accounts.Accounts.as_view(), name="accounts"),
    path("sources/accounts/new/", accounts.AccountNew.as_view(), name="account_new"),
    path("sources/accounts/one/", accounts.AccountEdit.as_view(), name="account"),
    path("sources/accounts/forget/", accounts.AccountForget.as_view(), name="account_forget"),
    path("sources/runs/", runs.AllRuns.as_view(), name="runs_all"),
    path("sources/runs/<uuid:run_id>/", runs.run_detail, name="run"),
    path(_ONE, sources.SourceDetail.as_view(), name="detail"),
    path(f"{_ONE}edit/", sources.SourceEdit.as_view(), name="edit"),
    path(f"{_ONE}credential/", sources.SourceCredential.as_view(), name="credential"),
    path(f"{_ONE}role/", actions.SourceRolePage.as_view(), name="role"),
    path(f"{_ONE}pull/", actions.pull, name="pull"),
    path(f"{_ONE}check/", actions.check, name="check"),
    path(f"{_ONE}pause/", actions.SourcePause.as_view(), name="pause"),
    path(f"{_ONE}resume/", actions.resume, name="resume"),
    path(f"{_ONE}read-again/", actions.SourceReadAgain.as_view(), name="read_again"),
    path(f"{_ONE}runs/", runs.SourceRuns.as_view(), name="runs"),
    path(f"{_ONE}bill/", runs.SourceBill.as_view(), name="bill"),
    path(f"{_ONE}other-usage/", usage.SourceUnits.as_view(), name="units"),
    path(f"{_ONE}comparison/", usage.SourceCompared.as_view(), name="compared"),
    path(f"{_ONE}alarms/", usage.SourceAlarms.as_view(), name="alarms"),
    path(f"{_ONE}alarms/<uuid:alarm_id>/", usage.AcknowledgeAlarm.as_view(), name="alarm"),
    path(f"{_ONE}directory/", runs.SourceDirectory.as_view(), name="directory"),
]
