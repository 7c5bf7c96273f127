"""What sprints write in the trail."""

from apps.trail.registry import register

SPRINTS_ADDED = register("sprint.added", "Sprints added to a team's calendar")
SPRINT_CHANGED = register("sprint.changed", "Sprint changed")
SPRINT_REMOVED = register("sprint.removed", "Sprint removed")
SPRINT_STORY = register("sprint.story", "Story put into a sprint or taken out")
