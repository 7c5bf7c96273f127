"""What discussions write in the trail."""

from apps.trail.registry import register

COMMENTED = register("discussion.commented", "Comment written")
TAKEN_BACK = register("discussion.comment_taken_back", "Comment taken back")
ATTACHED = register("discussion.file_attached", "File attached")
FILE_REMOVED = register("discussion.file_removed", "File removed")
LINKED = register("discussion.work_item_linked", "Work item linked")
UNLINKED = register("discussion.work_item_unlinked", "Work item unlinked")
