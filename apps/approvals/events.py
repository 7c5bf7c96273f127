"""What the engine writes in the trail, and the topics it announces.

Every topic is an outbox message of the transaction it tells about; payloads hold ids and small
values. They are also the names of webhook events: never rename one.
"""

from apps.trail.registry import register

APPROVAL_REQUESTED = register("approval.requested", "Approval requested")
APPROVAL_DECIDED = register("approval.decided", "Approval decided")
APPROVAL_AUTO = register("approval.auto_approved", "Approved by rule")
APPROVAL_WITHDRAWN = register("approval.withdrawn", "Approval request withdrawn")
APPROVAL_VOIDED = register("approval.voided", "Approval request replaced by a newer revision")
APPROVAL_UNDONE = register("approval.undone", "Approval answer undone")
APPROVAL_DELEGATED = register("approval.delegated", "Approval handed to somebody else")
APPROVER_ADDED = register("approval.approver_added", "Approver added")
APPROVAL_RECUSED = register("approval.recused", "Approver stepped back")
APPROVAL_ESCALATED = register("approval.escalated", "Approval escalated")
APPROVAL_SAMPLED = register("approval.sampled", "Automatic approval looked at")
QUESTION_ASKED = register("approval.question_asked", "Question about an approval request")
QUESTION_ANSWERED = register("approval.question_answered", "Question answered")
CONDITION_MET = register("approval_condition.met", "Condition met")
CONDITION_WAIVED = register("approval_condition.waived", "Condition waived")
POLICY_CREATED = register("approval_policy.created", "Approval route created")
POLICY_CHANGED = register("approval_policy.changed", "Approval route changed")
DELEGATION_CREATED = register("approval_delegation.created", "Deputy named")
DELEGATION_REVOKED = register("approval_delegation.revoked", "Delegation ended")
CALENDAR_CHANGED = register("approval_calendar.changed", "Working calendar changed")

TOPIC_REQUESTED = "approval.requested"
"""A step waits for its approvers. Payload: request_id, step_id."""

TOPIC_ANSWERED = "approval.answered"
"""Somebody answered a step. Payload: request_id, step_id, decision_id, decision."""

TOPIC_DECIDED = "approval.decided"
"""A request was closed. Payload: request_id, status, version, lane, subject_type, subject_id."""

TOPIC_UNDONE = "approval.undone"
"""An answer was taken back. Payload: request_id, decision_id, reopened ("yes" or "no")."""

TOPIC_PEOPLE = "approval.people_changed"
"""Who decides a step changed. Payload: request_id, step_id, change (delegated, added, recused)."""

TOPIC_OVERDUE = "approval.overdue"
"""A step passed its due time. Payload: request_id, step_id."""

TOPIC_ESCALATED = "approval.escalated"
"""Others joined an overdue step. Payload: request_id, step_id."""

TOPIC_QUESTION = "approval.question_asked"
"""Payload: request_id, question_id."""

TOPIC_ANSWER = "approval.question_answered"
"""Payload: request_id, question_id."""

TOPIC_CONDITION = "approval.condition_changed"
"""A condition was added, met, waived or dropped. Payload: request_id, condition_id, status."""

TOPIC_JOINED = "approval.joined"
"""Internal: somebody's new role gave them many requests. Payload: membership_id, count, change."""

TOPIC_SETTLE = "approval.settle"
"""Internal: an automatic approval waits to be done. Payload: request_id."""

WEBHOOK_TOPICS = {
    TOPIC_REQUESTED: "A step waits for its approvers",
    TOPIC_ANSWERED: "Somebody answered a step",
    TOPIC_DECIDED: "A request was closed: approved, sent back, declined, withdrawn or replaced",
    TOPIC_UNDONE: "An answer was taken back",
    TOPIC_PEOPLE: "Who decides a step changed",
    TOPIC_OVERDUE: "A step passed its due time",
    TOPIC_ESCALATED: "Others joined an overdue step",
    TOPIC_QUESTION: "A question was asked",
    TOPIC_ANSWER: "A question was answered",
    TOPIC_CONDITION: "A condition was added, met, waived or dropped",
}
"""Topics for the delivery to webhooks, with what each means."""
