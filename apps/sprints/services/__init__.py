"""Changes of the iteration calendar."""

from apps.sprints.services.calendar import add_sprints, change_sprint, remove_sprint
from apps.sprints.services.choosing import choose_story

__all__ = ["add_sprints", "change_sprint", "choose_story", "remove_sprint"]
