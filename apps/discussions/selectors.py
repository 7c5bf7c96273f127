"""Reading what is beside a subject."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.common.errors import NotFound
from apps.discussions.models import Attachment, AttachmentContent, Comment, WorkItem

MOST = 500


@dataclass(frozen=True, slots=True)
class Discussion:
    """Comments oldest first (those taken back without text), files and work items that stand."""

    comments: list[Comment]
    files: list[Attachment]
    items: list[WorkItem]

    @property
    def count(self) -> int:
        return len(self.comments) + len(self.files) + len(self.items)


def discussion(subject_type: str, subject_id: UUID) -> Discussion:
    """The last 500 of each. Whoever calls has made sure that the reader may see the subject."""
    about = {"subject_type": subject_type, "subject_id": subject_id}
    comments = list(Comment.objects.filter(**about).order_by("-id")[:MOST])
    standing = {**about, "removed_at__isnull": True}
    return Discussion(
        comments[::-1],
        list(Attachment.objects.filter(**standing).order_by("id")[:MOST]),
        list(WorkItem.objects.filter(**standing).order_by("id")[:MOST]),
    )


def items_of(subject_type: str, ids: Iterable[UUID]) -> dict[UUID, list[WorkItem]]:
    """The work items that stand beside many subjects of one type, oldest first."""
    found: dict[UUID, list[WorkItem]] = {}
    rows = WorkItem.objects.filter(
        subject_type=subject_type, subject_id__in=list(ids), removed_at__isnull=True
    )
    for item in rows.order_by("id")[:MOST]:
        found.setdefault(item.subject_id, []).append(item)
    return found


def file_of(subject_type: str, subject_id: UUID, attachment_id: UUID) -> Attachment:
    """Raises NotFound, also for a removed one and for one of another subject."""
    found = Attachment.objects.filter(
        id=attachment_id,
        subject_type=subject_type,
        subject_id=subject_id,
        removed_at__isnull=True,
    ).first()
    if found is None:
        raise NotFound("There is no such file.", code="file_not_found")
    return found


def content_of(attachment: Attachment) -> bytes:
    return bytes(
        AttachmentContent.objects.values_list("data", flat=True).get(attachment=attachment)
    )
