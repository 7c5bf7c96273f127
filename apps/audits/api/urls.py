"""Addresses of audits under /api/v1/."""

from django.urls import path

from apps.audits.api import views

urlpatterns = [
    path("audits/", views.AuditListView.as_view(), name="api-audits"),
    path("audits/<uuid:audit_id>/", views.AuditView.as_view(), name="api-audit"),
    path("audits/<uuid:audit_id>/freeze/", views.FreezeView.as_view(), name="api-audit-freeze"),
    path("audits/<uuid:audit_id>/checks/", views.ChecksView.as_view(), name="api-audit-checks"),
    path("audits/<uuid:audit_id>/issue/", views.IssueView.as_view(), name="api-audit-issue"),
    path("audits/<uuid:audit_id>/sign/", views.SignView.as_view(), name="api-audit-sign"),
    path("audits/<uuid:audit_id>/reopen/", views.ReopenView.as_view(), name="api-audit-reopen"),
    path(
        "audits/<uuid:audit_id>/baseline/",
        views.BaselineDocumentView.as_view(),
        name="api-audit-baseline",
    ),
    path(
        "audits/<uuid:audit_id>/reports/<int:number>/",
        views.ReportDocumentView.as_view(),
        name="api-audit-report",
    ),
    path(
        "audits/<uuid:audit_id>/findings/",
        views.FindingListView.as_view(),
        name="api-audit-findings",
    ),
    path(
        "audits/<uuid:audit_id>/findings/<uuid:finding_id>/",
        views.FindingActionView.as_view(),
        name="api-audit-finding",
    ),
]
