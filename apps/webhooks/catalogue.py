"""Which event tells which transition, and what each event looks like.

`TRANSITIONS` is read from the rules that allow the moves, so a new act is a new row here or a test
fails. `payloads.json` holds events as they happened: the contract tests write it, the API's
description shows it.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from apps.approvals import events as approvals
from apps.approvals.enums import Act
from apps.asks import events as asks
from apps.audits import events as audits
from apps.budgets import events as budgets
from apps.entitlements import events as entitlements
from apps.planning import events as planning
from apps.sprints import events as sprints
from apps.stories import events as stories

PAYLOADS = Path(__file__).with_name("payloads.json")

OF_REQUEST: Mapping[Act, tuple[str, ...]] = {
    Act.APPROVE_STEP: (approvals.APPROVAL_DECIDED,),
    Act.APPROVE_LAST: (approvals.APPROVAL_DECIDED,),
    Act.REQUEST_CHANGES: (approvals.APPROVAL_DECIDED,),
    Act.REJECT: (approvals.APPROVAL_DECIDED,),
    Act.WITHDRAW: (approvals.APPROVAL_WITHDRAWN,),
    Act.VOID: (approvals.APPROVAL_VOIDED,),
    Act.AUTO_APPROVE: (approvals.APPROVAL_AUTO,),
    Act.CHANGE_PEOPLE: (
        approvals.APPROVAL_DELEGATED,
        approvals.APPROVER_ADDED,
        approvals.APPROVAL_RECUSED,
    ),
    Act.RETRACT: (approvals.APPROVAL_UNDONE,),
    Act.REOPEN: (approvals.APPROVAL_UNDONE,),
}

OF_AUDIT: Mapping[str, str] = {
    "freeze": audits.BASELINE_FROZEN,
    "raise_findings": audits.FINDINGS_RAISED,
    "issue_report": audits.REPORT_ISSUED,
    "complete": audits.AUDIT_SIGNED,
    "take_back": audits.SIGN_OFF_UNDONE,
    "reopen": audits.AUDIT_REOPENED,
}

TRANSITIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Token Story": (
        ("Draft it", stories.DRAFTED),
        *((act.label, event) for act, event in stories.OF_ACT.items()),
        ("Undo the answer", stories.ANSWER_UNDONE),
    ),
    "Approval request": (
        ("Ask", approvals.APPROVAL_REQUESTED),
        *((act.label, event) for act, events in OF_REQUEST.items() for event in events),
        ("Escalate", approvals.APPROVAL_ESCALATED),
    ),
    "Condition of an approval": (
        ("Meet", approvals.CONDITION_MET),
        ("Waive", approvals.CONDITION_WAIVED),
    ),
    "Request for budget, entitlement or exception": (
        ("Ask", asks.ASKED),
        ("Change and ask again", asks.CHANGED),
        ("Decide", asks.DECIDED),
    ),
    "Budget": (
        ("Open", budgets.BUDGET_OPENED),
        ("Revise", budgets.BUDGET_REVISED),
        ("Grant for one period", budgets.BUDGET_GRANTED),
        ("Move", budgets.BUDGET_MOVED),
        ("Change details", budgets.BUDGET_CHANGED),
        ("Close", budgets.BUDGET_CLOSED),
    ),
    "Entitlement": (
        ("Grant", entitlements.GRANTED),
        ("Take back with its approval", entitlements.TAKEN_BACK),
        ("End early", entitlements.ENDED),
        ("Its last day passed", entitlements.LAPSED),
    ),
    "Planning cycle": (
        ("Open", planning.CYCLE_OPENED),
        ("Start a round", planning.ROUND_STARTED),
        ("Add a team", planning.ENVELOPE_ADDED),
        ("Ask for an amount", planning.ENVELOPE_REQUESTED),
        ("Allocate", planning.ENVELOPE_ALLOCATED),
        ("Lock", planning.CYCLE_LOCKED),
    ),
    "Sprint": (
        ("Add", sprints.SPRINTS_ADDED),
        ("Change", sprints.SPRINT_CHANGED),
        ("Put a story in or out", sprints.SPRINT_STORY),
        ("Remove", sprints.SPRINT_REMOVED),
    ),
    "Audit": (
        ("Plan", audits.AUDIT_PLANNED),
        ("Freeze the baseline", audits.BASELINE_FROZEN),
        ("Run the checks", audits.FINDINGS_RAISED),
        ("Add a finding", audits.FINDING_ADDED),
        ("Change a finding", audits.FINDING_CHANGED),
        ("Issue the report", audits.REPORT_ISSUED),
        ("Sign", audits.REPORT_SIGNED),
        ("The last signature", audits.AUDIT_SIGNED),
        ("Take the last answer back", audits.SIGN_OFF_UNDONE),
        ("Reopen", audits.AUDIT_REOPENED),
    ),
}
"""What moves a subject, and the event that says so. A sprint begins and ends by its own dates, a
budget's period by the calendar: their events carry the dates, and none is sent on the day."""


def events() -> Iterator[str]:
    """Every event of a transition, once."""
    yield from dict.fromkeys(event for moves in TRANSITIONS.values() for _, event in moves)


def table() -> str:
    """The transitions as Markdown, for the documentation."""
    rows = [
        f"| {subject} | {move} | `{event}` |"
        for subject, moves in TRANSITIONS.items()
        for move, event in moves
    ]
    return "\n".join(("| subject | move | event |", "|---|---|---|", *rows))


@cache
def payloads() -> Mapping[str, Any]:
    """By event: an example of the body that the form `signed` sends."""
    found: dict[str, Any] = json.loads(PAYLOADS.read_text(encoding="utf-8"))
    return found
