"""What a report says: everything a reader needs, and nothing that can change later."""

from collections import Counter
from typing import Any

from apps.audits.models import Audit, Finding
from apps.common import clock


def report_document(audit: Audit) -> dict[str, Any]:
    """Everything a reader needs, as plain JSON values."""
    baseline = audit.baselines.latest("number")
    findings = list(audit.findings.select_related("owner__user", "unit", "exception"))
    return {
        "format": "tokenops.audit.report/1",
        "audit": {
            "ref": audit.ref,
            "title": audit.title,
            "purpose": audit.purpose,
            "unit": audit.unit.name if audit.unit else None,
            "period_start": audit.period_start.isoformat(),
            "period_end": audit.period_end.isoformat(),
            "currency": audit.currency,
            "lead": str(audit.lead),
            "required_roles": audit.required_roles,
        },
        "baseline": {
            "number": baseline.number,
            "captured_at": baseline.captured_at.isoformat(),
            "sha256": baseline.sha256,
            "spend_nanos": baseline.spend_nanos,
            "tokens": baseline.tokens,
        },
        "summary": dict(Counter(finding.severity for finding in findings)),
        "findings": [
            {
                "number": finding.number,
                "check": finding.check_name,
                "severity": finding.severity,
                "title": finding.title,
                "seen": finding.seen,
                "remedy": finding.remedy,
                "effect_nanos": finding.effect_nanos,
                "evidence": finding.evidence,
                "status": finding.status,
                "unit": finding.unit.name if finding.unit else None,
                "owner": str(finding.owner) if finding.owner else None,
                "due_on": finding.due_on.isoformat() if finding.due_on else None,
                "response": finding.response,
                "resolution": finding.resolution,
                **_accepted(finding),
            }
            for finding in findings
        ],
    }


def _accepted(finding: Finding) -> dict[str, Any]:
    """Who decided to live with a finding, by which exception, and until when."""
    exception = finding.exception
    if exception is None or not finding.is_accepted_on(clock.today()):
        return {}
    return {
        "accepted": {
            "by": exception.decided_by_name,
            "exception": exception.ref,
            "until": exception.ends_on.isoformat() if exception.ends_on else None,
        }
    }
