"""What may be done beside a subject."""

from apps.discussions.services.comments import comment, take_back
from apps.discussions.services.files import attach, remove_file
from apps.discussions.services.items import link, unlink
from apps.discussions.services.subject import Subject

__all__ = ["Subject", "attach", "comment", "link", "remove_file", "take_back", "unlink"]
