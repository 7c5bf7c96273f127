"""Addresses of the audit pages."""

from django.urls import path

from apps.audits.web import actions, views

app_name = "audits"
urlpatterns = [
    path("audits/", views.AuditList.as_view(), name="list"),
    path("audits/new/", views.AuditPlan.as_view(), name="new"),
    path("audits/<uuid:audit_id>/", views.AuditDetail.as_view(), name="detail"),
    path("audits/<uuid:audit_id>/freeze/", views.freeze, name="freeze"),
    path("audits/<uuid:audit_id>/baseline.json", views.baseline_json, name="baseline-json"),
    path("audits/<uuid:audit_id>/verify/", views.verify, name="verify"),
    path("audits/<uuid:audit_id>/checks/", actions.run_checks, name="checks"),
    path("audits/<uuid:audit_id>/findings/new/", actions.FindingAdd.as_view(), name="finding-new"),
    path(
        "audits/<uuid:audit_id>/findings/<uuid:finding_id>/assign/", actions.assign, name="assign"
    ),
    path(
        "audits/<uuid:audit_id>/findings/<uuid:finding_id>/respond/",
        actions.respond,
        name="respond",
    ),
    path(
        "audits/<uuid:audit_id>/findings/<uuid:finding_id>/settle/", actions.settle, name="settle"
    ),
    path(
        "audits/<uuid:audit_id>/findings/<uuid:finding_id>/accept/", actions.accept, name="accept"
    ),
    path("audits/<uuid:audit_id>/issue/", actions.issue, name="issue"),
    path("audits/<uuid:audit_id>/sign/", actions.sign, name="sign"),
    path("audits/<uuid:audit_id>/reopen/", actions.reopen, name="reopen"),
    path("audits/<uuid:audit_id>/reports/<int:number>/", views.report_page, name="report"),
    path(
        "audits/<uuid:audit_id>/reports/<int:number>/report.json",
        views.report_json,
        name="report-json",
    ),
]
