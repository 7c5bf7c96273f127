"""Telling people about requests, and keeping open steps true to today's roles."""

from uuid import UUID

from celery import shared_task

from apps.approvals import events, selectors, services
from apps.approvals.enums import ConditionStatus, RequestStatus, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalCondition,
    ApprovalParty,
    ApprovalQuestion,
    ApprovalRequest,
    ApprovalUndo,
)
from apps.common import fmt
from apps.notifications.services import notify
from apps.organizations import selectors as organizations
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task
from apps.tenancy.urls import org_url

SCHEDULE = {"approvals.refresh_all": 60.0, "approvals.deadlines_all": 600.0}

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
        key = _step_key(request, step.position)
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


@handler(events.TOPIC_JOINED)
def tell_joined(message: Message) -> None:
    """Tell somebody whose new role gave them many requests, in one line instead of many."""
    with tenant_scope(message.organization_id):
        slug = organizations.organization().slug
        notify(
            recipients=[UUID(message.payload["membership_id"])],
            kind="approval.waiting",
            key=f"approval:joined:{message.payload['change']}",
            title=f"{message.payload['count']} requests wait for your decision",
            body="Your roles have changed: they waited for others, and now for you as well.",
            path=org_url(slug, "approvals:list"),
        )


@handler(events.TOPIC_DECIDED)
def tell_requester(message: Message) -> None:
    """Tell the people who asked how it ended. They know themselves that they withdrew.

    An answer that was undone and given again is told again: the key names the version.
    """
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
            key=f"approval:{request.id}:closed:{message.payload.get('version', '')}",
            title=f"{_name(request)} {words}",
            body=f"{note}{request.closed_by_name} decided.",
            path=_path(request),
        )


@handler(events.TOPIC_SETTLE)
def settle(message: Message) -> None:
    """Do what the automatic lane has decided, where the subject has not done so itself."""
    with tenant_scope(message.organization_id):
        services.settle_request(request_id=UUID(message.payload["request_id"]))


@handler(events.TOPIC_UNDONE)
def tell_undone(message: Message) -> None:
    """Tell the people who asked that an answer they were told of was taken back."""
    if message.payload["reopened"] != "yes":
        return
    with tenant_scope(message.organization_id):
        request = _request(message)
        people = ApprovalParty.objects.filter(request_id=request.id, reason__in=_TOLD)
        notify(
            recipients=set(people.values_list("membership_id", flat=True)),
            kind="approval.undone",
            key=f"approval:undone:{message.payload['decision_id']}",
            title=f"The answer to {_name(request)} was taken back",
            body="It waits for a decision again.",
            path=_path(request),
        )


@handler(events.TOPIC_QUESTION)
def tell_question(message: Message) -> None:
    """Tell the people who asked for the approval that somebody wants to know something."""
    with tenant_scope(message.organization_id):
        request = _request(message)
        question = ApprovalQuestion.objects.get(id=UUID(message.payload["question_id"]))
        people = ApprovalParty.objects.filter(request_id=request.id, reason__in=_TOLD)
        notify(
            recipients=set(people.values_list("membership_id", flat=True)),
            kind="approval.question",
            key=f"approval:question:{question.id}",
            title=f"{question.asked_by_name} asks about {_name(request)}",
            body=question.text,
            path=_path(request),
        )


@handler(events.TOPIC_ANSWER)
def tell_answer(message: Message) -> None:
    """Tell whoever asked the question, and everybody who may decide now."""
    with tenant_scope(message.organization_id):
        request = _request(message)
        question = ApprovalQuestion.objects.get(id=UUID(message.payload["question_id"]))
        people = ApprovalAssignment.objects.filter(request_id=request.id, is_open=True)
        notify(
            recipients={question.asked_by_id, *people.values_list("membership_id", flat=True)},
            kind="approval.answer",
            key=f"approval:answer:{question.id}",
            title=f"Answered: {_name(request)}",
            body=f"“{question.text}”\n{question.answered_by_name}: {question.answer}",
            path=_path(request),
        )


@handler(events.TOPIC_CONDITION)
def tell_condition(message: Message) -> None:
    """Tell whoever owes a new condition; how it was closed is seen on the page."""
    if message.payload["status"] != ConditionStatus.OPEN:
        return
    with tenant_scope(message.organization_id):
        condition = ApprovalCondition.objects.select_related("request").get(
            id=UUID(message.payload["condition_id"])
        )
        if condition.owner_id is None or condition.status != ConditionStatus.OPEN:
            return
        due = f"Due {condition.due_on.isoformat()}.\n" if condition.due_on else ""
        notify(
            recipients=[condition.owner_id],
            kind="approval.condition",
            key=f"condition:{condition.id}",
            title=f"A condition of {_name(condition.request)}: {condition.text}",
            body=f"{due}Asked by {condition.asked_by_name}.",
            path=_path(condition.request),
        )


@tenant_task(name="approvals.deadlines")
def deadlines(*, organization_id: UUID) -> None:
    """Reminders, overdue notices and escalations that are due."""
    services.run_deadlines()


@shared_task(name="approvals.deadlines_all")
def deadlines_all() -> None:
    fan_out(deadlines)


@tenant_task(name="approvals.refresh")
def refresh(*, organization_id: UUID) -> None:
    """What begins or ends by its date: deputies of today join the open steps, former ones leave."""
    services.refresh_open_steps()


@shared_task(name="approvals.refresh_all")
def refresh_all() -> None:
    fan_out(refresh)


_TOLD = ("requester", "author")


def _request(message: Message) -> ApprovalRequest:
    return ApprovalRequest.objects.get(id=UUID(message.payload["request_id"]))


def _step_key(request: ApprovalRequest, position: int) -> str:
    """Once per person and step, and once more after an answer was undone."""
    undone = ApprovalUndo.objects.filter(request_id=request.id).count()
    return f"approval:{request.id}:{position}" + (f":again{undone}" if undone else "")


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
