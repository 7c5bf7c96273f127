"""Many answers at once, each on its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.approvals.services.conditions import Asked
from apps.approvals.services.decisions import decide
from apps.common.errors import DomainError, Invalid

MOST = 100
"""Answers of one call."""


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """One row: as `decide` takes it."""

    request_id: UUID
    version: int
    decision: str
    note: str = ""
    reason: str = ""
    cap_nanos: int | None = None
    conditions: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one row: `status` is 200, or that of the refusal."""

    request_id: UUID
    status: int
    code: str = "done"
    message: str = ""
    request_status: str = ""
    errors: tuple[dict[str, str], ...] = field(default=())


def decide_many(*, actor: Actor, answers: Sequence[BulkAnswer]) -> list[BulkResult]:
    """Answer each row by itself: one that is refused leaves the others as they are.

    Rows are worked in the order of their ids, so that two people who answer the same ones never
    wait for each other in a circle; the results come in the order asked.
    """
    if len(answers) > MOST:
        raise Invalid(f"At most {MOST} answers at once.", field="answers", fix="Send fewer.")
    if len({a.request_id for a in answers}) != len(answers):
        raise Invalid("A request is answered once.", field="answers", fix="Remove the repetition.")
    done = {
        answer.request_id: _one(actor, answer)
        for answer in sorted(answers, key=lambda a: a.request_id)
    }
    return [done[answer.request_id] for answer in answers]


def _one(actor: Actor, answer: BulkAnswer) -> BulkResult:
    try:
        with transaction.atomic():
            receipt = decide(
                actor=actor,
                request_id=answer.request_id,
                version=answer.version,
                decision=answer.decision,
                note=answer.note,
                reason=answer.reason,
                cap_nanos=answer.cap_nanos,
                conditions=answer.conditions,
            )
    except DomainError as error:
        named = " ".join(f"{e.message} {e.fix}".strip() for e in error.errors)
        return BulkResult(
            answer.request_id,
            error.status,
            error.code,
            named or f"{error.message} {error.fix}".strip(),
            errors=tuple(e.as_dict() for e in error.errors),
        )
    return BulkResult(answer.request_id, 200, request_status=receipt.request.status)
