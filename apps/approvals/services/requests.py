"""Opening, withdrawing and replacing requests."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.approvals import events, selectors
from apps.approvals.enums import Act, Lane, PartyReason, RequestStatus, StepMode, StepStatus
from apps.approvals.models import ApprovalParty, ApprovalRequest, ApprovalStep
from apps.approvals.rules.policy import StepSpec
from apps.approvals.services.policies import ensure_default_policy
from apps.approvals.services.steps import open_step, void_open_steps
from apps.approvals.services.transition import move
from apps.approvals.subjects import handler_for
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.organizations.selectors import membership_by_id
from apps.outbox.services import enqueue
from apps.trail.services import record


@transaction.atomic
def open_request(
    *,
    actor: Actor,
    subject_type: str,
    subject_id: UUID,
    revision_id: UUID,
    title: str,
    unit_id: UUID | None,
    requester_id: UUID | None,
    amount_nanos: int | None,
    currency: str,
    context: Mapping[str, Any],
    subject_ref: str = "",
    revision_number: int = 1,
    summary: str = "",
    amount_period: str = "month",
    author_ids: Sequence[UUID] = (),
    funder_ids: Sequence[UUID] = (),
    flags: Sequence[Mapping[str, str]] = (),
    within: str = "",
    own_steps: Sequence[StepSpec] = (),
) -> ApprovalRequest:
    """Ask for a decision on an immutable revision, along the route its policy gives.

    `requester_id`, `author_ids` and `funder_ids` (who pays for it alone) are memberships: none of
    them may decide. A request of the automatic lane is pending until `settle_request`, which the
    subject calls when its own transaction is ready, and the outbox otherwise. `context` holds the
    facts policies may ask about (`rules.policy.FACTS`; others are kept, not asked); the amount of
    a month is added by itself. `flags` (`{"tone", "text"}`) are shown in the queue. `within` says
    why nobody need decide again (`TS-0142 v2: nothing moved by more than 10%`): the subject has
    compared the revision with what was decided, and settles the request itself. `own_steps` are
    what the subject itself asks for: they follow the policy's, and stand alone where only the
    default policy applies.

    An open request for an older revision of the subject is voided. Raises Conflict when one for
    this revision is already open, Invalid for a negative amount. Whoever calls has checked that
    the actor may submit the subject.
    """
    handler = handler_for(subject_type)
    if amount_nanos is not None and amount_nanos < 0:
        raise Invalid("An amount cannot be negative.", field="amount", fix="Enter 0 or more.")
    ensure_default_policy()
    facts = {k: v for k, v in context.items() if v is not None}
    if amount_period == "month" and amount_nanos is not None:
        facts.setdefault("amount_month_nanos", amount_nanos)
    known = selectors.facts_with_unit(facts, unit_id)
    applied = selectors.policy_for(subject_type, known, unit_id)
    assert applied is not None  # noqa: S101 -- the default policy always applies
    auto = applied.document.is_auto
    lane = Lane.WITHIN if within else Lane.AUTO if auto else Lane.PEOPLE
    specs = selectors.steps_for(applied, known, own_steps) if lane is Lane.PEOPLE else []
    if within:
        facts["within"] = within
    elif own_steps:
        facts["own_steps"] = len(own_steps)
    elif applied.skipped:
        flags = [*flags, {"tone": "", "text": "Not automatic"}]
        facts["not_automatic"] = applied.skipped
    _void_older(actor, subject_type, subject_id, revision_id)
    request = ApprovalRequest(
        subject_type=subject_type,
        subject_id=subject_id,
        subject_ref=subject_ref,
        revision_id=revision_id,
        revision_number=revision_number,
        title=title[:200],
        title_norm=" ".join(title[:200].lower().split()),
        summary=summary,
        unit_id=unit_id,
        amount_nanos=amount_nanos,
        amount_period=amount_period,
        currency=currency,
        approved_nanos=amount_nanos,
        requester_id=requester_id,
        requester_name=_requester_name(actor, requester_id),
        policy=applied.policy,
        policy_version=applied.version,
        lane=lane,
        facts={k: facts[k] for k in sorted(facts)},
        route=msgspec.to_builtins(specs),
        flags=[dict(flag) for flag in flags],
        opened_at=clock.now(),
    )
    _insert(request)
    _add_parties(request, requester_id, author_ids, funder_ids)
    steps = [_step(request, n, spec) for n, spec in enumerate(specs, start=1)]
    ApprovalStep.objects.bulk_create(steps)
    if steps:
        open_step(request, steps[0])
    else:
        enqueue(
            events.TOPIC_SETTLE,
            key=f"approval:{request.id}",
            payload={"request_id": str(request.id)},
        )
    record(
        actor=actor,
        action=events.APPROVAL_REQUESTED,
        obj=request,
        after={
            "subject": f"{subject_type}:{subject_id}",
            "revision": str(revision_id),
            "amount_nanos": amount_nanos,
            "currency": currency,
            "policy": f"{applied.policy.name} v{applied.version}",
            "steps": [step.name for step in steps],
        },
    )
    handler.on_opened(actor=actor, request=request)
    return request


@transaction.atomic
def withdraw(*, actor: Actor, request_id: UUID, version: int, note: str = "") -> ApprovalRequest:
    """Take an open request back. Only the requester, and whoever submits for them, may.

    Raises NotFound, Forbidden, and Conflict when it moved since `version`.
    """
    request = selectors.request_by_id(actor, request_id)
    if not (actor.kind == "system" or actor.owns(request.requester_id)):
        raise Forbidden(
            "Only the person who asked can take a request back.",
            code="not_requester",
            fix="Request changes or decline instead.",
        )
    move(request, Act.WITHDRAW, version=version, by=actor.name, note=note.strip())
    void_open_steps(request)
    record(actor=actor, action=events.APPROVAL_WITHDRAWN, obj=request, reason=note.strip())
    handler_for(request.subject_type).on_withdrawn(actor=actor, request=request)
    announce_closed(request)
    return request


@transaction.atomic
def void_open_request(
    *, actor: Actor, subject_type: str, subject_id: UUID, reason: str
) -> ApprovalRequest | None:
    """Close the subject's open request because its revision no longer stands; None if none is.

    For subjects that change or end outside a new submission. Raises Conflict when a decision is
    taken in the same moment.
    """
    request = selectors.open_request_of(subject_type, subject_id)
    if request is None:
        return None
    _void(actor, request, reason)
    return request


def _void_older(actor: Actor, subject_type: str, subject_id: UUID, revision_id: UUID) -> None:
    request = selectors.open_request_of(subject_type, subject_id)
    if request is None:
        return
    if request.revision_id == revision_id:
        raise _already_open()
    _void(actor, request, "A newer revision was submitted.")


def _void(actor: Actor, request: ApprovalRequest, reason: str) -> None:
    move(request, Act.VOID, version=request.version, by=actor.name, note=reason)
    void_open_steps(request)
    record(actor=actor, action=events.APPROVAL_VOIDED, obj=request, reason=reason)
    handler_for(request.subject_type).on_voided(actor=actor, request=request)
    announce_closed(request)


def announce_closed(request: ApprovalRequest) -> None:
    """Tell the outbox that a request is closed, and how."""
    enqueue(
        events.TOPIC_DECIDED,
        key=f"approval:{request.id}",
        payload={
            "request_id": str(request.id),
            "status": RequestStatus(request.status).value,
            "version": request.version,
            "lane": Lane(request.lane).value,
            "subject_type": request.subject_type,
            "subject_id": str(request.subject_id),
        },
    )


def _insert(request: ApprovalRequest) -> None:
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as error:
        if "approvalrequest_one_open" not in str(error):
            raise
        raise _already_open() from error


def _already_open() -> Conflict:
    return Conflict(
        "A request for this is already waiting for a decision.",
        code="already_requested",
        fix="Withdraw it first, or wait for the answer.",
    )


def _requester_name(actor: Actor, requester_id: UUID | None) -> str:
    if requester_id is None and actor.kind == "system":
        return "TokenOps"
    if requester_id is None or requester_id == actor.membership_id:
        return actor.name[:200]
    return str(membership_by_id(requester_id))[:200]


def _add_parties(
    request: ApprovalRequest,
    requester_id: UUID | None,
    author_ids: Sequence[UUID],
    funder_ids: Sequence[UUID],
) -> None:
    parties = {(author, PartyReason.AUTHOR) for author in author_ids}
    parties |= {(funder, PartyReason.FUNDER) for funder in funder_ids}
    if requester_id is not None:
        parties.add((requester_id, PartyReason.REQUESTER))
    ApprovalParty.objects.bulk_create(
        [
            ApprovalParty(request_id=request.id, membership_id=member, reason=reason)
            for member, reason in sorted(parties, key=str)
        ]
    )


def _step(request: ApprovalRequest, position: int, spec: StepSpec) -> ApprovalStep:
    return ApprovalStep(
        request_id=request.id,
        position=position,
        name=spec.name[:120],
        roles=list(spec.roles),
        fallback_roles=list(spec.fallback_roles),
        mode=StepMode(spec.mode),
        quorum=spec.quorum,
        due_working_days=spec.due_working_days,
        remind_working_days=spec.remind_working_days,
        escalate_working_days=spec.escalate_working_days,
        escalate_roles=list(spec.escalate_roles),
        is_distinct=spec.distinct,
        status=StepStatus.WAITING,
    )
