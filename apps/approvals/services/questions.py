"""Questions about a request. They pause nothing."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.approvals import events, selectors
from apps.approvals.enums import PartyReason
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalParty,
    ApprovalQuestion,
    ApprovalRequest,
)
from apps.approvals.rules.transitions import NOTE_LIMIT
from apps.approvals.services.approvers import member_of
from apps.approvals.services.transition import closed_conflict
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.outbox.services import enqueue
from apps.trail.services import record

ASKERS = (PartyReason.REQUESTER, PartyReason.AUTHOR)


@transaction.atomic
def ask_question(*, actor: Actor, request_id: UUID, text: str) -> ApprovalQuestion:
    """Ask the people who asked. By whoever may decide, now or for the unit.

    Raises NotFound, Forbidden, Invalid (empty or too long), Conflict when the request is closed.
    """
    request = selectors.request_by_id(actor, request_id)
    member = member_of(actor)
    asked = ApprovalAssignment.objects.filter(request_id=request.id, membership_id=member).exists()
    if not asked and not can(actor, P.APPROVAL_DECIDE, unit_id=request.unit_id):
        raise Forbidden(
            "Whoever may decide asks questions.",
            code="permission_required",
            fix="Comment on the subject's own page.",
        )
    _check(text)
    if not request.is_open:
        raise closed_conflict(request)
    question = ApprovalQuestion.objects.create(
        request_id=request.id,
        asked_by_id=member,
        asked_by_name=actor.name[:200],
        text=text.strip(),
        asked_at=clock.now(),
    )
    record(actor=actor, action=events.QUESTION_ASKED, obj=request, after={"question": text.strip()})
    _announce(events.TOPIC_QUESTION, question)
    return question


@transaction.atomic
def answer_question(*, actor: Actor, question_id: UUID, text: str) -> ApprovalQuestion:
    """Answer a question, once: the requester or an author.

    Raises NotFound, Forbidden, Invalid, Conflict when it was answered.
    """
    question = selectors.question_by_id(actor, question_id)
    if not may_answer(actor, question.request):
        raise Forbidden(
            "Whoever asked for the approval answers.",
            code="not_requester",
            fix=f"{question.request.requester_name} can.",
        )
    _check(text)
    changed = ApprovalQuestion.objects.filter(id=question.id, answered_at__isnull=True).update(
        answer=text.strip(), answered_by_name=actor.name[:200], answered_at=clock.now()
    )
    if not changed:
        raise Conflict("This question was answered.", code="already_answered", fix="Load it again.")
    question.refresh_from_db()
    record(
        actor=actor,
        action=events.QUESTION_ANSWERED,
        obj=question.request,
        after={"question": question.text, "answer": question.answer},
    )
    _announce(events.TOPIC_ANSWER, question)
    return question


def may_answer(actor: Actor, request: ApprovalRequest) -> bool:
    if actor.membership_id is None:
        return False
    return ApprovalParty.objects.filter(
        request_id=request.id, membership_id=actor.membership_id, reason__in=ASKERS
    ).exists()


def _check(text: str) -> None:
    if not text.strip() or len(text) > NOTE_LIMIT:
        raise Invalid(
            f"Write 1 to {NOTE_LIMIT} characters.", field="text", fix="One question at a time."
        )


def _announce(topic: str, question: ApprovalQuestion) -> None:
    enqueue(
        topic,
        key=f"approval:{question.request_id}",
        payload={"request_id": str(question.request_id), "question_id": str(question.id)},
    )
