"""Words and drawings of the audit pages, from frozen figures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.audits import rules, selectors
from apps.audits.enums import AuditStatus
from apps.audits.models import Audit, AuditBaseline, AuditReport, Finding
from apps.common import clock, fmt
from apps.common.charts import dumbbell
from apps.tenancy.urls import org_url

_ORDER = [status.value for status in AuditStatus]
UNITS_DRAWN = 8


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the progress bar: `state` is done, now or empty."""

    label: str
    note: str
    state: str


def headline(audit: Audit, frozen: AuditBaseline | None, findings: Sequence[Finding]) -> str:
    """The page's answer: what the audit knows so far."""
    if frozen is None:
        return f"{audit.title}: nothing is frozen yet"
    spend = fmt.money(frozen.spend_nanos, audit.currency)
    if audit.status == AuditStatus.BASELINED:
        return f"{audit.title}: {spend} measured, checks not run yet"
    today = clock.today()
    waiting = [f for f in findings if not f.is_settled_on(today)]
    if audit.status == AuditStatus.RESPONDING and waiting:
        return f"{audit.title}: {len(waiting)} of {fmt.plural(len(findings), 'finding')} wait"
    if audit.status == AuditStatus.SIGNED:
        return f"{audit.title}: {spend}, signed"
    return f"{audit.title}: {spend}, {fmt.plural(len(findings), 'finding')} answered"


def phases(audit: Audit, frozen: AuditBaseline | None, findings: Sequence[Finding]) -> list[Phase]:
    """Plan, baseline, findings, responses, sign-off, signed."""
    reached = _ORDER.index(audit.status)
    today = clock.today()
    settled = sum(f.is_settled_on(today) for f in findings)
    notes = (
        fmt.day(audit.created_at.date()),
        fmt.moment(frozen.captured_at) if frozen else "Not frozen",
        f"{len(findings)} raised" if reached >= 2 else "Not run",
        f"{settled} of {len(findings)} settled" if reached >= 2 else "–",
        f"{len(audit.required_roles)} roles",
    )
    labels = ("Plan", "Baseline", "Findings", "Respond", "Sign-off")
    steps = (0, 0, 1, 2, 3)
    return [
        Phase(
            label,
            note,
            "now"
            if reached == step and (label not in {"Plan"})
            else "done"
            if reached > step or label == "Plan"
            else "",
        )
        for label, note, step in zip(labels, notes, steps, strict=True)
    ]


def declared_chart(audit: Audit, frozen: AuditBaseline) -> SafeString:
    """Approved estimates against measured spend by team, from the frozen document."""
    figures = json.loads(frozen.document)["figures"]
    declared = {row["unit"]: row["cost_nanos"] for row in figures["declared_by_unit"]}
    rows = [
        (
            row["labels"][0],
            declared.get(row["keys"][0] or ""),
            row["cost_nanos"] or 0,
            "" if (row["keys"][0] or "") in declared else "No approved estimate",
        )
        for row in figures["by_unit"]
    ]
    rows.sort(key=lambda row: -row[2])
    return dumbbell(
        rows[:UNITS_DRAWN],
        title="Declared against measured spend",
        summary="Approved estimates of the period against the measured spend of each team",
        cell=lambda value: fmt.money(int(value), audit.currency),
        head="Team",
        minimum=fmt.MIN_BASE_NANOS,
    )


def report_context(request: HttpRequest, audit: Audit, report: AuditReport) -> dict[str, Any]:
    """A report page reads nothing but the signed document, and the signatures under it."""
    document = json.loads(report.document)
    return {
        "title": f"{audit.ref}, report {report.number}",
        "crumbs": [
            ("Audits", org_url(request, "audits:list")),
            (audit.ref, org_url(request, "audits:detail", audit.id)),
        ],
        "audit": audit,
        "report": report,
        "document": document,
        "seats": selectors.seats(audit, report),
        "intact": rules.sha256(report.document) == report.sha256,
    }
