"""What audits write to the trail."""

from apps.trail.registry import register

AUDIT_PLANNED = register("audit.planned", "Audit planned")
BASELINE_FROZEN = register("audit.baseline_frozen", "Audit baseline frozen")
FINDINGS_RAISED = register("audit.findings_raised", "Audit checks run")
FINDING_ADDED = register("audit.finding_added", "Finding added")
FINDING_CHANGED = register("audit.finding_changed", "Finding changed")
REPORT_ISSUED = register("audit.report_issued", "Audit report issued")
REPORT_SIGNED = register("audit.report_signed", "Audit report signed")
AUDIT_SIGNED = register("audit.signed", "Audit signed by everyone required")
SIGN_OFF_UNDONE = register("audit.sign_off_undone", "Last answer of a sign-off taken back")
AUDIT_REOPENED = register("audit.reopened", "Audit reopened")
