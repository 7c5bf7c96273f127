"""Links to work items."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.discussions import events, rules
from apps.discussions.models import WorkItem
from apps.discussions.services.subject import Subject, by_of
from apps.trail.services import record


@transaction.atomic
def link(*, actor: Actor, subject: Subject, url: str, label: str = "") -> WorkItem:
    """Link an issue, ticket or merge request; the same address once. Raises Forbidden, Invalid."""
    subject.may_speak(actor)
    try:
        item = rules.work_item(url, label)
    except rules.Refused as error:
        raise Invalid(str(error), field="url", fix=error.fix) from error
    row, made = WorkItem.objects.get_or_create(
        **subject.about,
        url=item.url,
        removed_at=None,
        defaults={"label": item.label[:200], "tracker": item.tracker, **by_of(actor)},
    )
    if made:
        record(actor=actor, action=events.LINKED, obj=subject, after={"url": item.url})
    return row


@transaction.atomic
def unlink(*, actor: Actor, subject: Subject, item_id: UUID) -> None:
    """Take a link away. Raises NotFound, Forbidden."""
    subject.may_speak(actor)
    row = WorkItem.objects.filter(id=item_id, **subject.about).first()
    subject.holds(row, "work item")
    assert row is not None  # noqa: S101 -- narrowed by holds()
    if not WorkItem.objects.filter(id=row.id, removed_at__isnull=True).update(
        removed_at=clock.now()
    ):
        raise Conflict("It was taken away already.", code="already_removed")
    record(actor=actor, action=events.UNLINKED, obj=subject, before={"url": row.url})
