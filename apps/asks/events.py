"""What asks write in the trail."""

from apps.trail.registry import register

ASKED = register("ask.asked", "Request filed")
CHANGED = register("ask.changed", "Request changed and asked again")
DECIDED = register("ask.decided", "Request decided")

TOPIC_DECIDED = "ask.decided"
"""Outbox: an ask got its answer, or lost it again. Payload: ask_id, ref, kind, status."""
