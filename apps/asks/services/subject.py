"""Asks as subjects of approvals. Every hook runs inside the transaction of the decision."""

from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.approvals.enums import Decision
from apps.approvals.models import ApprovalRequest
from apps.approvals.subjects import Outcome, SubjectDetail, SubjectHandler
from apps.asks import events
from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.models import Ask, AskRevision
from apps.asks.selectors import wanted_of, wanted_view
from apps.budgets import services as budgets
from apps.budgets.selectors.budgets import get_budget
from apps.budgets.selectors.status import budget_statuses
from apps.common import clock, fmt
from apps.common.errors import Conflict
from apps.entitlements import services as entitlements
from apps.outbox.services import enqueue
from apps.trail.services import record

APPROVAL = "asks.approve"
OUTCOMES = {
    Decision.APPROVE: AskStatus.APPROVED,
    Decision.REJECT: AskStatus.DECLINED,
    Decision.REQUEST_CHANGES: AskStatus.SENT_BACK,
}


class AskSubject(SubjectHandler):
    """What both kinds share."""

    def lock(self, subject_id: UUID) -> None:
        Ask.objects.select_for_update().filter(id=subject_id).order_by().first()

    def on_decided(
        self, *, actor: Actor, request: ApprovalRequest, outcome: Outcome
    ) -> dict[str, Any] | None:
        if not outcome.final or outcome.decision is None:
            return None
        ask = _ask(request)
        if outcome.decision is Decision.APPROVE:
            self.apply(ask, request, outcome.approved_nanos)
        status = OUTCOMES[outcome.decision]
        _move(
            actor,
            ask,
            status,
            approved_nanos=outcome.approved_nanos if status is AskStatus.APPROVED else None,
            decided_at=clock.now(),
            decided_by_name=request.closed_by_name,
            reason=outcome.note,
        )
        return {"version": ask.version, "decision": outcome.decision.value}

    def on_withdrawn(self, *, actor: Actor, request: ApprovalRequest) -> None:
        _move(actor, _ask(request), AskStatus.WITHDRAWN, reason=request.closed_note)

    def undo_refused(self, *, request: ApprovalRequest) -> str:
        ask = _ask(request)
        if ask.version != request.memento.get("version"):
            return "The request has moved on since."
        if request.memento["decision"] != Decision.APPROVE:
            return ""
        return self.use_of(ask, request)

    def on_undone(self, *, actor: Actor, request: ApprovalRequest) -> None:
        ask = _ask(request)
        if request.memento["decision"] == Decision.APPROVE:
            self.take_back(actor, ask, request)
        _move(actor, ask, AskStatus.ASKED, approved_nanos=None, decided_at=None, decided_by_name="")

    def apply(self, ask: Ask, request: ApprovalRequest, nanos: int | None) -> None:
        """What an approval does besides the ask's own state."""

    def use_of(self, ask: Ask, request: ApprovalRequest) -> str:
        """Why the approval cannot be taken back; empty when it can."""
        return ""

    def take_back(self, actor: Actor, ask: Ask, request: ApprovalRequest) -> None:
        """Undo what `apply` did."""

    def detail(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        ask = _ask(request)
        revisions = list(AskRevision.objects.filter(ask_id=ask.id).order_by("-number")[:2])
        context: dict[str, Any] = {
            "ask_row": ask,
            "ask_kind": AskKind(ask.kind).label,
            "ask_rule": Rule(ask.rule).label if ask.rule else "",
            "ask_before": revisions[1] if len(revisions) > 1 else None,
        }
        return SubjectDetail(template="asks/_approval_detail.html", context=context)

    def url(self, request: ApprovalRequest) -> tuple[str, dict[str, UUID | str]] | None:
        return ("asks:detail", {"ask_id": request.subject_id})


class BudgetChangeSubject(AskSubject):
    """More for a period, another amount, or money from another budget."""

    subject_type = "budget_change"
    label = "Budget request"

    def apply(self, ask: Ask, request: ApprovalRequest, nanos: int | None) -> None:
        """The approved amount as an entry of the budget, in the same transaction."""
        assert ask.budget_id is not None  # noqa: S101 -- a budget request names its budget
        budget = get_budget(ask.budget_id)
        common: dict[str, Any] = {
            "actor": system_actor(APPROVAL),
            "note": f"Approved by {request.closed_by_name} in {request.label}: {ask.title}",
            "source_request_id": request.id,
            "source_version": request.version,
        }
        amount = nanos if nanos is not None else ask.amount_nanos or 0
        if ask.kind == AskKind.INCREASE:
            budgets.grant_budget(
                budget_id=budget.id,
                version=budget.version,
                on=ask.starts_on,
                amount_nanos=amount,
                **common,
            )
        elif ask.kind == AskKind.AMOUNT:
            budgets.revise_budget(
                budget_id=budget.id,
                version=budget.version,
                effective_on=ask.starts_on,
                amount_nanos=amount,
                amount_tokens=None,
                **common,
            )
        else:
            assert ask.source_budget_id is not None  # noqa: S101 -- a transfer names both
            source = get_budget(ask.source_budget_id)
            budgets.move_budget(
                from_id=source.id,
                from_version=source.version,
                to_id=budget.id,
                on=ask.starts_on,
                amount_nanos=amount,
                **common,
            )

    def effect(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        """The budgets as they stand, and what approving the amount makes of them."""
        ask = _ask(request)
        nanos = request.approved_nanos or 0
        amount = fmt.money(nanos, ask.currency, style="agreed")
        of_period = ask.kind == AskKind.AMOUNT
        gain = f"{amount} a period" if of_period else fmt.signed_money(nanos, ask.currency)
        loss = fmt.signed_money(-nanos, ask.currency)
        named = [
            (b, c) for b, c in ((ask.budget, gain), (ask.source_budget, loss)) if b is not None
        ]
        statuses = budget_statuses([budget for budget, _ in named])
        return SubjectDetail(
            template="asks/_effect.html",
            context={
                "amount": amount,
                "budgets": [
                    {"status": status, "change": f"{change} from {fmt.day(ask.starts_on)}"}
                    for status, (_, change) in zip(statuses, named, strict=True)
                ],
            },
        )

    def use_of(self, ask: Ask, request: ApprovalRequest) -> str:
        if ask.kind == AskKind.TRANSFER:
            return "Money that was moved stays moved: ask for a move back."
        return budgets.approval_in_use(request.id)

    def take_back(self, actor: Actor, ask: Ask, request: ApprovalRequest) -> None:
        budgets.undo_approval(
            actor=actor,
            request_id=request.id,
            note=f"{actor.name} took the approval of {ask.ref} back.",
        )

    def consequence(self, request: ApprovalRequest) -> str:
        ask = _ask(request)
        name = ask.budget.name if ask.budget else "the budget"
        return f"Changes {name} from {fmt.long_day(ask.starts_on)}."


class EntitlementSubject(AskSubject):
    """Premium models or long context for a capability, team or person, until a day."""

    subject_type = "entitlement"
    label = "Entitlement"

    def apply(self, ask: Ask, request: ApprovalRequest, nanos: int | None) -> None:
        """The entitlement, in the same transaction."""
        asked = wanted_of(ask)
        assert ask.ends_on is not None  # noqa: S101 -- refused without a last day
        entitlements.mint(
            actor=system_actor(APPROVAL),
            wanted=asked.wanted(ask.unit_id),
            title=ask.title,
            reason=ask.reason,
            evidence=asked.evidence,
            starts_on=ask.starts_on,
            ends_on=ask.ends_on,
            request_id=request.id,
            source_id=ask.id,
            source_ref=ask.ref,
            asked_by_id=ask.requester_id,
            asked_by_name=ask.requester_name,
            granted_by_name=request.closed_by_name,
        )

    def use_of(self, ask: Ask, request: ApprovalRequest) -> str:
        return entitlements.used_since(request.id)

    def take_back(self, actor: Actor, ask: Ask, request: ApprovalRequest) -> None:
        entitlements.take_back(
            actor=actor,
            request_id=request.id,
            note=f"{actor.name} took the approval of {ask.ref} back.",
        )

    def detail(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        found = super().detail(actor=actor, request=request)
        ask = _ask(request)
        asked = wanted_of(ask)
        return SubjectDetail(
            template=found.template,
            context={**found.context, "ask_wanted": wanted_view(ask, asked)},
        )

    def consequence(self, request: ApprovalRequest) -> str:
        ask = _ask(request)
        return f"Holds until {fmt.long_day(ask.ends_on)}. Nothing is blocked without it."


class ExceptionSubject(AskSubject):
    """An exception from a rule, until a day."""

    subject_type = "exception"
    label = "Exception"

    def consequence(self, request: ApprovalRequest) -> str:
        ask = _ask(request)
        return (
            f"Holds until {fmt.long_day(ask.ends_on)}, then ends by itself." if ask.ends_on else ""
        )


def _ask(request: ApprovalRequest) -> Ask:
    ask = Ask.objects.select_related("budget", "source_budget", "unit").get(id=request.subject_id)
    if ask.request_id is not None and ask.request_id != request.id:
        raise Conflict("A newer revision was asked since.", code="stale_revision")
    return ask


def _move(actor: Actor, ask: Ask, status: AskStatus, *, reason: str = "", **values: Any) -> None:
    changed = Ask.objects.filter(id=ask.id, status=ask.status, version=ask.version).update(
        status=status, version=F("version") + 1, **values
    )
    if not changed:
        raise Conflict("Somebody changed this request meanwhile.", code="stale_version")
    before = ask.status
    ask.status, ask.version = status, ask.version + 1
    record(
        actor=actor,
        action=events.DECIDED,
        obj=ask,
        before={"status": before},
        after={"status": status.value, "approved_nanos": values.get("approved_nanos")},
        reason=reason,
    )
    enqueue(
        events.TOPIC_DECIDED,
        key=f"ask:{ask.id}",
        payload={
            "ask_id": str(ask.id),
            "ref": ask.ref,
            "kind": str(ask.kind),
            "status": status.value,
        },
    )
