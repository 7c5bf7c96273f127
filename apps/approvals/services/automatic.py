"""The automatic lane: the rule itself approves, visibly, and people look at a sample."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import events, selectors
from apps.approvals.enums import BY_RULE, Act, Decision, Lane, RequestStatus, SampleStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.policy import Guardrails
from apps.approvals.rules.sampling import is_sampled
from apps.approvals.rules.working_days import add_working_days
from apps.approvals.selectors.calendar import calendar
from apps.approvals.selectors.deputies import local_today
from apps.approvals.services.approvers import member_of, require_no_party
from apps.approvals.services.conditions import Asked, add_conditions
from apps.approvals.services.decisions import remember
from apps.approvals.services.requests import announce_closed
from apps.approvals.services.transition import move
from apps.approvals.subjects import Outcome, handler_for
from apps.common.errors import Conflict, Invalid
from apps.notifications.services import notify
from apps.organizations.selectors import organization
from apps.tenancy.urls import org_url
from apps.trail.services import record

OBJECTION_DAYS = 5
"""Working days to answer an objection."""


@transaction.atomic
def settle_request(*, request_id: UUID) -> ApprovalRequest:
    """Approve a request of a lane without people, once; anything else is left as it is.

    The decider is named in full: "Rule <policy> v<n>". Its guardrails become conditions. A change
    within an approval has no guardrails of its own: those of the approval still hold.
    """
    request = ApprovalRequest.objects.select_related("policy").get(id=request_id)
    if request.lane not in BY_RULE or not request.is_open:
        return request
    rails = _guardrails(request)
    if rails is None:
        rule, why = "Rule for small changes", str(request.facts.get("within", ""))
    else:
        rule = f"Rule {request.policy.name} v{request.policy_version}"
        why = "Small and low risk: approved by the rule, within its guardrails."
    actor = system_actor(rule)
    version = request.version
    sampled = rails is not None and is_sampled(request.id, rails.sample_percent)
    try:
        with transaction.atomic():
            move(
                request,
                Act.AUTO_APPROVE,
                version=version,
                by=rule,
                note=why,
                sample_status=SampleStatus.DUE if sampled else SampleStatus.NONE,
            )
    except Conflict:
        request.refresh_from_db()
        return request
    conditions = add_conditions(
        request=request,
        version=version,
        asked=_guardrail_conditions(rails) if rails else [],
        by=rule,
    )
    outcome = Outcome(
        RequestStatus.APPROVED,
        True,  # noqa: FBT003
        Decision.APPROVE,
        request.closed_note,
        request.approved_nanos,
        tuple(c.text for c in conditions),
    )
    record(
        actor=actor,
        action=events.APPROVAL_AUTO,
        obj=request,
        before={"status": RequestStatus.PENDING.value},
        after={
            "status": request.status,
            "rule": rule,
            "approved_nanos": request.approved_nanos,
            "conditions": list(outcome.conditions),
            "sampled": sampled,
        },
        reason=request.closed_note,
    )
    handler = handler_for(request.subject_type)
    remember(request, handler.on_decided(actor=actor, request=request, outcome=outcome))
    announce_closed(request)
    return request


@transaction.atomic
def review_sample(
    *, actor: Actor, request_id: UUID, agree: bool, note: str = ""
) -> ApprovalRequest:
    """Look at an automatic approval afterwards: agree, or object with a note.

    An objection becomes a condition that the requester owes an answer to. Raises NotFound,
    Forbidden (no permission; asked for it or wrote it), Invalid (objection without a note),
    Conflict (not to be looked at, or done already).
    """
    request = selectors.request_by_id(actor, request_id)
    require(actor, P.APPROVAL_DECIDE, unit_id=request.unit_id)
    require_no_party(request, member_of(actor))
    if not agree and not note.strip():
        raise Invalid("Say what you object to.", field="note", fix="One sentence is enough.")
    status = SampleStatus.CONFIRMED if agree else SampleStatus.OBJECTED
    changed = ApprovalRequest.objects.filter(id=request.id, sample_status=SampleStatus.DUE).update(
        sample_status=status
    )
    if not changed:
        raise Conflict(
            "This approval is not waiting to be looked at.",
            code="not_sampled",
            fix="Load the list again.",
        )
    request.sample_status = status
    record(
        actor=actor,
        action=events.APPROVAL_SAMPLED,
        obj=request,
        before={"sample": SampleStatus.DUE.value},
        after={"sample": status.value},
        reason=note.strip(),
    )
    if not agree:
        due = add_working_days(local_today(), OBJECTION_DAYS, calendar())
        add_conditions(
            request=request,
            version=request.version,
            asked=[Asked(f"Answer the objection: {note.strip()}"[:300], due)],
            by=actor.name,
        )
        if request.requester_id:
            notify(
                recipients=[request.requester_id],
                kind="approval.objection",
                key=f"approval:{request.id}:objection",
                title=f"{actor.name} objects to {request.subject_ref} {request.title}",
                body=note.strip(),
                path=org_url(organization().slug, "approvals:detail", request_id=request.id),
            )
    return request


def _guardrails(request: ApprovalRequest) -> Guardrails | None:
    """Those of the policy the request was opened under; None within an approval."""
    if request.lane == Lane.WITHIN:
        return None
    rails = selectors.version_document(request.policy, request.policy_version).guardrails
    assert rails is not None  # noqa: S101 -- parse_policy lets no automatic lane in without them
    return rails


def _guardrail_conditions(rails: Guardrails) -> list[Asked]:
    review = local_today() + timedelta(days=rails.review_after_days)
    found = [Asked(f"Review after {rails.review_after_days} days of use", review)]
    return [*found, *(Asked(text) for text in rails.conditions)]
