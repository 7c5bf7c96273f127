"""What outcomes write in the trail."""

from apps.trail.registry import register

DECIDED = register("capability.worth_decided", "Worth of a capability decided")
