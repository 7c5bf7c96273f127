"""Pure rules of audits: transitions, severity, canonical figures and their hash."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.audits.enums import AuditStatus as A
from apps.audits.enums import FindingStatus as F
from apps.audits.enums import Severity

#: Action on an audit: the states it starts from, the state it leads to.
AUDIT_TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "freeze": (frozenset({A.PLANNED}), A.BASELINED),
    "raise_findings": (frozenset({A.BASELINED}), A.RESPONDING),
    "issue_report": (frozenset({A.RESPONDING}), A.SIGNING),
    "complete": (frozenset({A.SIGNING}), A.SIGNED),
    "take_back": (frozenset({A.SIGNED}), A.SIGNING),
    "reopen": (frozenset({A.SIGNING, A.SIGNED}), A.RESPONDING),
}

#: The same for a finding.
FINDING_TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "assign": (frozenset({F.OPEN, F.ASSIGNED, F.RESPONDED}), F.ASSIGNED),
    "respond": (frozenset({F.ASSIGNED}), F.RESPONDED),
    "resolve": (frozenset({F.OPEN, F.ASSIGNED, F.RESPONDED}), F.RESOLVED),
    "dismiss": (frozenset({F.OPEN, F.ASSIGNED, F.RESPONDED}), F.DISMISSED),
    "reopen": (frozenset({F.RESOLVED, F.DISMISSED}), F.OPEN),
}

#: Findings in these states may be asked to be lived with.
ACCEPTABLE = frozenset({F.OPEN, F.ASSIGNED, F.RESPONDED})

#: Findings in these states no longer hold up the report.
SETTLED = frozenset({F.RESPONDED, F.RESOLVED, F.DISMISSED})


def canonical(document: Mapping[str, Any]) -> str:
    """JSON with sorted keys, no spaces, no floats: the same figures give the same bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def severity_of(effect_nanos: int, total_nanos: int) -> Severity:
    """By share of the audited spend: from 10 % critical, 3 % high, 0.5 % medium."""
    if total_nanos <= 0 or effect_nanos <= 0:
        return Severity.LOW
    share = Decimal(effect_nanos) / Decimal(total_nanos)
    if share >= Decimal("0.10"):
        return Severity.CRITICAL
    if share >= Decimal("0.03"):
        return Severity.HIGH
    return Severity.MEDIUM if share >= Decimal("0.005") else Severity.LOW
