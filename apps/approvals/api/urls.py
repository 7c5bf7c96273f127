"""Addresses of approvals in the API."""

from django.urls import path

from apps.approvals.api import views

urlpatterns = [
    path("approvals/", views.ApprovalListView.as_view(), name="api-approvals"),
    path("approvals/bulk/", views.BulkView.as_view(), name="api-approvals-bulk"),
    path(
        "approvals/conditions/", views.ConditionListView.as_view(), name="api-approval-conditions"
    ),
    path(
        "approvals/conditions/<uuid:condition_id>/",
        views.ConditionView.as_view(),
        name="api-approval-condition",
    ),
    path(
        "approvals/conditions/<uuid:condition_id>/meet/",
        views.MeetView.as_view(),
        name="api-approval-condition-meet",
    ),
    path(
        "approvals/conditions/<uuid:condition_id>/waive/",
        views.WaiveView.as_view(),
        name="api-approval-condition-waive",
    ),
    path(
        "approvals/delegations/",
        views.DelegationListView.as_view(),
        name="api-approval-delegations",
    ),
    path(
        "approvals/delegations/<uuid:delegation_id>/",
        views.DelegationView.as_view(),
        name="api-approval-delegation",
    ),
    path("approvals/metrics/", views.MetricsView.as_view(), name="api-approval-metrics"),
    path("approvals/calendar/", views.CalendarView.as_view(), name="api-approval-calendar"),
    path(
        "approvals/calendar/holidays/",
        views.HolidayListView.as_view(),
        name="api-approval-holidays",
    ),
    path(
        "approvals/calendar/holidays/<uuid:holiday_id>/",
        views.HolidayView.as_view(),
        name="api-approval-holiday",
    ),
    path(
        "approvals/questions/<uuid:question_id>/answer/",
        views.AnswerView.as_view(),
        name="api-approval-answer",
    ),
    path("approvals/<uuid:request_id>/", views.ApprovalView.as_view(), name="api-approval"),
    path(
        "approvals/<uuid:request_id>/decide/",
        views.DecideView.as_view(),
        name="api-approval-decide",
    ),
    path(
        "approvals/<uuid:request_id>/withdraw/",
        views.WithdrawView.as_view(),
        name="api-approval-withdraw",
    ),
    path("approvals/<uuid:request_id>/undo/", views.UndoView.as_view(), name="api-approval-undo"),
    path(
        "approvals/<uuid:request_id>/delegate/",
        views.DelegateView.as_view(),
        name="api-approval-delegate",
    ),
    path(
        "approvals/<uuid:request_id>/approvers/",
        views.AddApproverView.as_view(),
        name="api-approval-approvers",
    ),
    path(
        "approvals/<uuid:request_id>/recuse/",
        views.RecuseView.as_view(),
        name="api-approval-recuse",
    ),
    path(
        "approvals/<uuid:request_id>/questions/",
        views.AskView.as_view(),
        name="api-approval-questions",
    ),
    path(
        "approvals/<uuid:request_id>/sample/",
        views.SampleView.as_view(),
        name="api-approval-sample",
    ),
    path("approval-policies/", views.PolicyListView.as_view(), name="api-approval-policies"),
    path(
        "approval-policies/simulate/",
        views.SimulateView.as_view(),
        name="api-approval-policies-simulate",
    ),
    path(
        "approval-policies/<uuid:policy_id>/",
        views.PolicyView.as_view(),
        name="api-approval-policy",
    ),
    path(
        "approval-policies/<uuid:policy_id>/versions/",
        views.PolicyVersionListView.as_view(),
        name="api-approval-policy-versions",
    ),
]
