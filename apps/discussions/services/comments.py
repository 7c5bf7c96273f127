"""Saying something, and taking it back."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.discussions import events, rules
from apps.discussions.models import Comment
from apps.discussions.services.subject import Subject, by_of
from apps.notifications.services import notify
from apps.organizations.models import Membership
from apps.trail.services import record


@transaction.atomic
def comment(*, actor: Actor, subject: Subject, text: str, tell: Iterable[UUID] = ()) -> Comment:
    """Say something. Tells the people mentioned or chosen who may see the subject.

    Raises Forbidden; Invalid naming `text` or `tell`.
    """
    subject.may_speak(actor)
    said = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not said or len(said) > rules.MOST_TEXT:
        raise Invalid(
            "Write something." if not said else "The comment is too long.",
            field="text",
            fix=f"Use 1 to {rules.MOST_TEXT:,} characters.",
        )
    people = {
        m.id: (m.id, m.user.name, m.user.email)
        for m in Membership.objects.select_related("user").filter(
            is_active=True, user__is_active=True
        )
    }
    chosen = set(tell)
    if chosen - people.keys():
        raise Invalid("Somebody chosen is not here.", field="tell", fix="Choose from the list.")
    row = Comment.objects.create(text=said, **subject.about, **by_of(actor))
    named = rules.mentioned(said, people.values()) | chosen
    _tell(actor, subject, row, named)
    record(actor=actor, action=events.COMMENTED, obj=subject, after={"comment": str(row.id)})
    return row


def _tell(actor: Actor, subject: Subject, row: Comment, named: set[UUID]) -> None:
    me = {actor.membership_id}
    reached = subject.readers(named - me)
    short = row.text if len(row.text) <= 400 else f"{row.text[:400]}…"
    for people, words, what in (
        (reached, "mentioned you at", "mentioned"),
        (subject.told - reached - me, "commented on", "commented"),
    ):
        notify(
            recipients=people,
            kind=f"{subject.type}.{what}",
            key=f"comment:{row.id}",
            title=f"{row.author_name} {words} {subject.label}",
            body=short,
            path=subject.path,
        )


@transaction.atomic
def take_back(*, actor: Actor, subject: Subject, comment_id: UUID) -> Comment:
    """Erase the text of an own comment. Raises NotFound, Forbidden for another's."""
    row = Comment.objects.filter(id=comment_id, **subject.about).first()
    subject.holds(row, "comment")
    assert row is not None  # noqa: S101 -- narrowed by holds()
    if not actor.owns(row.author_id):
        raise Forbidden("Only its author takes a comment back.")
    changed = Comment.objects.filter(id=row.id, removed_at__isnull=True).update(
        removed_at=clock.now(), text=""
    )
    if not changed:
        raise Conflict("It was taken back already.", code="already_removed")
    record(actor=actor, action=events.TAKEN_BACK, obj=subject, before={"comment": str(row.id)})
    row.refresh_from_db()
    return row
