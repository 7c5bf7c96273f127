"""Addresses of approvals in the API."""

from django.urls import path

from apps.approvals.api import views

urlpatterns = [
    path("approvals/", views.ApprovalListView.as_view(), name="api-approvals"),
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
    path("approval-policies/", views.PolicyListView.as_view(), name="api-approval-policies"),
    path(
        "approval-policies/<uuid:policy_id>/",
        views.PolicyView.as_view(),
        name="api-approval-policy",
    ),
]
