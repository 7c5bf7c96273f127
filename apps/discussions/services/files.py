"""Files beside a subject."""

import hashlib
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.services import can
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.discussions import events, rules
from apps.discussions.models import Attachment, AttachmentContent
from apps.discussions.services.subject import Subject, by_of
from apps.trail.services import record


@transaction.atomic
def attach(*, actor: Actor, subject: Subject, name: str, data: bytes) -> Attachment:
    """Keep a file. The same bytes under the same name are kept once.

    Raises Forbidden; Invalid naming `file` with what is wrong and what to do.
    """
    subject.may_speak(actor)
    name = rules.clean_name(name)
    try:
        kind = rules.kind_of(name, data)
    except rules.Refused as error:
        raise Invalid(str(error), field="file", fix=error.fix) from error
    digest = hashlib.sha256(data).hexdigest()
    standing = Attachment.objects.filter(**subject.about, removed_at__isnull=True)
    same = standing.filter(name=name, sha256=digest).first()
    if same is not None:
        return same
    if standing.count() >= rules.MOST_FILES:
        raise Invalid(f"There are {rules.MOST_FILES} files.", field="file", fix="Remove one first.")
    row = Attachment.objects.create(
        name=name,
        content_type=kind.content_type,
        size=len(data),
        sha256=digest,
        **subject.about,
        **by_of(actor),
    )
    AttachmentContent.objects.create(attachment=row, data=data)
    record(actor=actor, action=events.ATTACHED, obj=subject, after={"file": name, "sha256": digest})
    return row


@transaction.atomic
def remove_file(*, actor: Actor, subject: Subject, attachment_id: UUID) -> None:
    """Erase a file's bytes; who attached what stays known. Its author may, and who may write the
    subject. Raises NotFound, Forbidden.
    """
    row = Attachment.objects.filter(id=attachment_id, **subject.about).first()
    subject.holds(row, "file")
    assert row is not None  # noqa: S101 -- narrowed by holds()
    if not actor.owns(row.author_id) and not can(actor, subject.manage, unit_id=subject.unit_id):
        raise Forbidden("Only who attached a file, or may write here, removes it.")
    if not Attachment.objects.filter(id=row.id, removed_at__isnull=True).update(
        removed_at=clock.now()
    ):
        raise Conflict("It was removed already.", code="already_removed")
    AttachmentContent.objects.filter(attachment_id=row.id).delete()
    record(
        actor=actor,
        action=events.FILE_REMOVED,
        obj=subject,
        before={"file": row.name, "sha256": row.sha256},
    )
