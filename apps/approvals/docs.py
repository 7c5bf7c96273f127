"""docs/approvals.md: states, moves, who may do what, and the events, from the code itself."""

from apps.approvals import events
from apps.approvals.enums import RequestStatus
from apps.approvals.rules.cells import Action, Part, verdict
from apps.approvals.rules.policy import FACTS, OPS_BY_TYPE
from apps.approvals.rules.transitions import TRANSITIONS

PAGE = "docs/approvals.md"

HEAD = """# Approvals

Written by `manage.py write_approvals_doc` from `apps/approvals`; a test compares. What the words
mean and what always holds: `apps/approvals/README.md`.

## Moves

Each is one `UPDATE ... WHERE status = ? AND version = ?`; a pair that is not here is a Conflict.
"""

CELLS_HEAD = """## Who may do what

Each cell is done by a test with the real services (`tests/services/approvals/test_cells.py`).
*done*: it is recorded. *403*: the person may not. *409*: not in this state, or not on this version.
*Approver who funds it alone* holds a role of the step and every budget above: the engine keeps them
from deciding, whatever their roles. *Decides elsewhere* holds a role that decides, but not one of
the step's. The approver is taken to have given the answer that closed the request; conditions are
in `services.conditions`, looking at automatic approvals in `services.automatic`.
"""

FACTS_HEAD = """## What routes may ask about

| Fact | Type | Comparisons |
|---|---|---|"""

EVENTS_HEAD = """## Events

Outbox topics, and the names under which webhooks get them. Payloads hold ids only: fetch the rest.

| Event | When | Payload |
|---|---|---|"""

PAYLOADS = {
    events.TOPIC_REQUESTED: "request_id, step_id",
    events.TOPIC_ANSWERED: "request_id, step_id, decision_id, decision",
    events.TOPIC_DECIDED: "request_id, status, version, lane, subject_type, subject_id",
    events.TOPIC_UNDONE: "request_id, decision_id, reopened",
    events.TOPIC_PEOPLE: "request_id, step_id, change",
    events.TOPIC_OVERDUE: "request_id, step_id",
    events.TOPIC_ESCALATED: "request_id, step_id",
    events.TOPIC_QUESTION: "request_id, question_id",
    events.TOPIC_ANSWER: "request_id, question_id",
    events.TOPIC_CONDITION: "request_id, condition_id, status",
}


def approvals_markdown() -> str:
    """The whole page."""
    lines = [HEAD, "| State | Act | Becomes |", "|---|---|---|"]
    lines += [
        f"| {state.label} | {act.label} | {after.label} |"
        for (state, act), after in TRANSITIONS.items()
    ]
    lines += ["", CELLS_HEAD]
    for state in RequestStatus:
        lines += [f"### {state.label}", ""]
        lines.append("| | " + " | ".join(part.label for part in Part) + " |")
        lines.append("|---" * (len(Part) + 1) + "|")
        lines += [
            f"| {action.label} | "
            + " | ".join(verdict(state, action, part).label for part in Part)
            + " |"
            for action in Action
        ]
        lines.append("")
    lines.append(FACTS_HEAD)
    lines += [
        f"| `{fact}` | {kind} | {', '.join(OPS_BY_TYPE[kind])} |" for fact, kind in FACTS.items()
    ]
    lines += ["", EVENTS_HEAD]
    lines += [
        f"| `{topic}` | {meaning} | {PAYLOADS[topic]} |"
        for topic, meaning in events.WEBHOOK_TOPICS.items()
    ]
    return "\n".join(lines) + "\n"
