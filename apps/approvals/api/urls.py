"""Addresses of approvals in the API."""

from django.urls import path

from apps.approvals.api import policies, requests, standing, talk

urlpatterns = [
    path("approvals/", requests.ApprovalListView.as_view(), name="api-approvals"),
    path("approvals/bulk/", requests.BulkView.as_view(), name="api-approvals-bulk"),
    path("approvals/conditions/", talk.ConditionListView.as_view(), name="api-approval-conditions"),
    path(
        "approvals/conditions/<uuid:condition_id>/",
        talk.ConditionView.as_view(),
        name="api-approval-condition",
    ),
    path(
        "approvals/conditions/<uuid:condition_id>/meet/",
        talk.MeetView.as_view(),
        name="api-approval-condition-meet",
    ),
    path(
        "approvals/conditions/<uuid:condition_id>/waive/",
        talk.WaiveView.as_view(),
        name="api-approval-condition-waive",
    ),
    path(
        "approvals/delegations/",
        standing.DelegationListView.as_view(),
        name="api-approval-delegations",
    ),
    path(
        "approvals/delegations/<uuid:delegation_id>/",
        standing.DelegationView.as_view(),
        name="api-approval-delegation",
    ),
    path("approvals/metrics/", standing.MetricsView.as_view(), name="api-approval-metrics"),
    path("approvals/calendar/", standing.CalendarView.as_view(), name="api-approval-calendar"),
    path(
        "approvals/calendar/holidays/",
        standing.HolidayListView.as_view(),
        name="api-approval-holidays",
    ),
    path(
        "approvals/calendar/holidays/<uuid:holiday_id>/",
        standing.HolidayView.as_view(),
        name="api-approval-holiday",
    ),
    path(
        "approvals/questions/<uuid:question_id>/answer/",
        talk.AnswerView.as_view(),
        name="api-approval-answer",
    ),
    path("approvals/<uuid:request_id>/", requests.ApprovalView.as_view(), name="api-approval"),
    path(
        "approvals/<uuid:request_id>/decide/",
        requests.DecideView.as_view(),
        name="api-approval-decide",
    ),
    path(
        "approvals/<uuid:request_id>/withdraw/",
        requests.WithdrawView.as_view(),
        name="api-approval-withdraw",
    ),
    path(
        "approvals/<uuid:request_id>/undo/", requests.UndoView.as_view(), name="api-approval-undo"
    ),
    path(
        "approvals/<uuid:request_id>/delegate/",
        requests.DelegateView.as_view(),
        name="api-approval-delegate",
    ),
    path(
        "approvals/<uuid:request_id>/approvers/",
        requests.AddApproverView.as_view(),
        name="api-approval-approvers",
    ),
    path(
        "approvals/<uuid:request_id>/recuse/",
        requests.RecuseView.as_view(),
        name="api-approval-recuse",
    ),
    path(
        "approvals/<uuid:request_id>/questions/",
        talk.AskView.as_view(),
        name="api-approval-questions",
    ),
    path(
        "approvals/<uuid:request_id>/sample/",
        requests.SampleView.as_view(),
        name="api-approval-sample",
    ),
    path("approval-policies/", policies.PolicyListView.as_view(), name="api-approval-policies"),
    path(
        "approval-policies/simulate/",
        policies.SimulateView.as_view(),
        name="api-approval-policies-simulate",
    ),
    path(
        "approval-policies/<uuid:policy_id>/",
        policies.PolicyView.as_view(),
        name="api-approval-policy",
    ),
    path(
        "approval-policies/<uuid:policy_id>/versions/",
        policies.PolicyVersionListView.as_view(),
        name="api-approval-policy-versions",
    ),
]
