"""Reads of sprints, inside the open scope."""

from apps.sprints.selectors.sprints import choices_of, sprint_by_id, sprint_missing, sprints

__all__ = ["choices_of", "sprint_by_id", "sprint_missing", "sprints"]
