"""Telling people about requests, and keeping open steps true to today's roles."""

from uuid import UUID

from celery import shared_task

from apps.approvals import events, selectors, services
from apps.approvals.enums import RequestStatus, StepStatus
from apps.approvals.models import ApprovalParty, ApprovalRequest
from apps.common import fmt
from apps.notifications.services import notify
from apps.organizations import selectors as organizations
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task
from apps.tenancy.urls import org_url

SCHEDULE = {"approvals.refresh_all": 300.0}

CLOSED_WORDS = {
    RequestStatus.APPROVED: "was approved",
    RequestStatus.CHANGES_REQUESTED: "was sent back for changes",
    RequestStatus.REJECTED: "was declined",
}


@handler(events.TOPIC_REQUESTED)
def tell_approvers(message: Message) -> None:
    """Tell the people of a step that a request waits for them; once per person and step.

    A step that nobody can decide is told to the owners, who can give somebody the role.
    """
    with tenant_scope(message.organization_id):
        request = _request(message)
        step = next((s for s in selectors.steps_of(request) if s.status == StepStatus.ACTIVE), None)
        if step is None or str(step.id) != message.payload["step_id"]:
            return
        people = [p.membership_id for p in step.people if p.is_open]  # type: ignore[attr-defined]
        key = f"approval:{request.id}:{step.position}"
        if people:
            notify(
                recipients=people,
                kind="approval.waiting",
                key=key,
                title=f"{_name(request)} waits for your decision",
                body=_ask(request),
                path=_path(request),
            )
        else:
            notify(
                recipients=[owner.id for owner in organizations.owners()],
                kind="approval.blocked",
                key=f"{key}:blocked",
                title=f"Nobody can decide {_name(request)}",
                body=f"Give somebody other than the requester a role of the step {step.name}.",
                path=_path(request),
            )


@handler(events.TOPIC_DECIDED)
def tell_requester(message: Message) -> None:
    """Tell the people who asked how it ended. They know themselves that they withdrew."""
    words = CLOSED_WORDS.get(RequestStatus(message.payload["status"]))
    if words is None:
        return
    with tenant_scope(message.organization_id):
        request = _request(message)
        people = ApprovalParty.objects.filter(request_id=request.id, reason__in=_TOLD)
        note = f"“{request.closed_note}”\n" if request.closed_note else ""
        notify(
            recipients=set(people.values_list("membership_id", flat=True)),
            kind="approval.closed",
            key=f"approval:{request.id}:closed",
            title=f"{_name(request)} {words}",
            body=f"{note}{request.closed_by_name} decided.",
            path=_path(request),
        )


@tenant_task(name="approvals.refresh")
def refresh(*, organization_id: UUID) -> None:
    """New holders of a role join the open steps, former ones leave."""
    services.refresh_open_steps()


@shared_task(name="approvals.refresh_all")
def refresh_all() -> None:
    fan_out(refresh)


_TOLD = ("requester", "author")


def _request(message: Message) -> ApprovalRequest:
    return ApprovalRequest.objects.get(id=UUID(message.payload["request_id"]))


def _name(request: ApprovalRequest) -> str:
    return f"{request.subject_ref} {request.title}".strip()


def _ask(request: ApprovalRequest) -> str:
    lines = [f"Asked by {request.requester_name}."]
    if request.approved_nanos is not None:
        amount = fmt.money(request.approved_nanos, request.currency, style="cents")
        lines.append(amount + (" a month." if request.amount_period == "month" else "."))
    if request.due_at is not None:
        lines.append(f"Due {fmt.moment(request.due_at, organizations.organization().timezone)}.")
    return "\n".join(lines)


def _path(request: ApprovalRequest) -> str:
    slug = organizations.organization().slug
    return org_url(slug, "approvals:detail", request_id=request.id)
