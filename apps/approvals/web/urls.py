"""Pages of approvals, under `/o/<organization>/`."""

from django.urls import path

from apps.approvals.web import (
    acts,
    bulk,
    calendar,
    conditions,
    decide,
    deputies,
    metrics,
    policies,
    queue,
)

app_name = "approvals"
urlpatterns = [
    path("approvals/", queue.Queue.as_view(), name="list"),
    path("approvals/bulk/", bulk.Bulk.as_view(), name="bulk"),
    path("approvals/conditions/usual/", decide.usual, name="usual"),
    path("approvals/conditions/", conditions.Conditions.as_view(), name="conditions"),
    path(
        "approvals/conditions/<uuid:condition_id>/",
        conditions.ConditionPage.as_view(),
        name="condition",
    ),
    path("approvals/deputies/", deputies.Deputies.as_view(), name="delegations"),
    path("approvals/deputies/new/", deputies.NewDeputy.as_view(), name="delegation_new"),
    path(
        "approvals/deputies/<uuid:delegation_id>/end/",
        deputies.EndDeputy.as_view(),
        name="delegation_end",
    ),
    path("approvals/metrics/", metrics.MetricsPage.as_view(), name="metrics"),
    path("approvals/calendar/", calendar.CalendarPage.as_view(), name="calendar"),
    path(
        "approvals/calendar/<uuid:holiday_id>/remove/",
        calendar.RemoveHoliday.as_view(),
        name="holiday_remove",
    ),
    path("approvals/routes/", policies.Policies.as_view(), name="policies"),
    path("approvals/routes/new/", policies.NewPolicy.as_view(), name="policy_new"),
    path("approvals/routes/<uuid:policy_id>/", policies.PolicyPage.as_view(), name="policy"),
    path(
        "approvals/routes/<uuid:policy_id>/change/",
        policies.ChangePolicy.as_view(),
        name="policy_change",
    ),
    path("approvals/questions/<uuid:question_id>/", acts.Answer.as_view(), name="answer"),
    path("approvals/<uuid:request_id>/", queue.Queue.as_view(), name="detail"),
    path("approvals/<uuid:request_id>/decide/", decide.Decide.as_view(), name="decide"),
    path("approvals/<uuid:request_id>/effect/", decide.Effect.as_view(), name="effect"),
    path("approvals/<uuid:request_id>/withdraw/", decide.Withdraw.as_view(), name="withdraw"),
    path("approvals/<uuid:request_id>/delegate/", acts.Delegate.as_view(), name="delegate"),
    path("approvals/<uuid:request_id>/add/", acts.AddApprover.as_view(), name="add_approver"),
    path("approvals/<uuid:request_id>/recuse/", acts.Recuse.as_view(), name="recuse"),
    path("approvals/<uuid:request_id>/ask/", acts.Ask.as_view(), name="ask"),
    path("approvals/<uuid:request_id>/undo/", acts.Undo.as_view(), name="undo"),
    path("approvals/<uuid:request_id>/sample/", acts.Sample.as_view(), name="sample"),
]
