"""What the engine writes in the trail, and the topics it announces."""

from apps.trail.registry import register

APPROVAL_REQUESTED = register("approval.requested", "Approval requested")
APPROVAL_DECIDED = register("approval.decided", "Approval decided")
APPROVAL_WITHDRAWN = register("approval.withdrawn", "Approval request withdrawn")
APPROVAL_VOIDED = register("approval.voided", "Approval request replaced by a newer revision")
POLICY_CHANGED = register("approval_policy.changed", "Approval route changed")

TOPIC_REQUESTED = "approval.requested"
"""Outbox: a step waits for its approvers. Payload: request_id, step_id."""

TOPIC_DECIDED = "approval.decided"
"""Outbox: a request was closed. Payload: request_id, status, subject_type, subject_id."""
