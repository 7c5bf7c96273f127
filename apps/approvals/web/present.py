"""What the queue and the decision page show, worked out once, without markup."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.access.actors import Actor
from apps.access.roles import LABELS, Role
from apps.approvals import selectors, subjects
from apps.approvals.enums import (
    BY_RULE,
    Decision,
    Lane,
    PartyReason,
    RejectReason,
    RequestStatus,
    StepStatus,
)
from apps.approvals.models import ApprovalDecision, ApprovalParty, ApprovalRequest, ApprovalStep
from apps.approvals.rules.working_days import STANDARD, Calendar, working_days_until
from apps.approvals.web.forms import LOWER, DecisionForm, said_of
from apps.common import fmt

NAMES_SHOWN = 3
EARLIER_SHOWN = 5

STATUS_TONES = {
    RequestStatus.APPROVED: "ok",
    RequestStatus.CHANGES_REQUESTED: "warn",
    RequestStatus.REJECTED: "bad",
    RequestStatus.PENDING: "acc",
}
DECISION_WORDS = {
    Decision.APPROVE: "approved",
    Decision.REQUEST_CHANGES: "requested changes",
    Decision.REJECT: "declined",
}


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One row of the queue."""

    request: ApprovalRequest
    when: str
    late: bool

    seat: str = ""
    questions: int = 0

    @property
    def auto(self) -> bool:
        return self.request.lane in BY_RULE

    @property
    def tone(self) -> str:
        return STATUS_TONES.get(RequestStatus(self.request.status), "")

    @property
    def status_label(self) -> str:
        return RequestStatus(self.request.status).label


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One step of the route: `css` is done, now or empty; `icon` an icon name."""

    name: str
    css: str
    icon: str
    first: str
    second: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of the history."""

    name: str
    words: str
    at: datetime
    note: str = ""


def due_words(
    due: datetime | None, now: datetime, zone: str, calendar: Calendar = STANDARD
) -> tuple[str, bool]:
    """`Due today`, `2 working days left`, `1 day late`; and whether it is late."""
    if due is None:
        return "No due date", False
    days = working_days_until(now, due, zone, calendar)
    if days == 0:
        return "Due today", False
    if days < 0:
        return f"{fmt.plural(-days, 'day')} late", True
    return f"{fmt.plural(days, 'day')} left", False


def queue_item(
    request: ApprovalRequest,
    now: datetime,
    zone: str,
    calendar: Calendar = STANDARD,
    seat: str = "",
) -> QueueItem:
    """A row; `seat` names the person somebody answers for."""
    if request.is_open:
        return QueueItem(request, *due_words(request.due_at, now, zone, calendar), seat)
    closed = fmt.day(request.closed_at.date()) if request.closed_at else ""
    return QueueItem(request, closed, late=False, seat=seat)


def chain(
    request: ApprovalRequest,
    steps: Sequence[ApprovalStep],
    actor: Actor,
    now: datetime,
    zone: str,
    calendar: Calendar = STANDARD,
) -> list[ChainLink]:
    """The route; an automatic one is a single link that says so."""
    if request.lane in BY_RULE:
        done = request.closed_at is not None
        return [
            ChainLink(
                Lane(request.lane).label if done else "By rule",
                "done" if done else "now",
                "robot",
                _day(request.closed_at) or "In a moment",
                request.closed_by_name,
            )
        ]
    return [_link(step, actor, now, zone, calendar) for step in steps]


def is_last_word(actor: Actor, request: ApprovalRequest, steps: Sequence[ApprovalStep]) -> bool:
    """Whether the actor's answer is the last thing that happened; without asking the database."""
    return any(
        d.membership_id == actor.membership_id and d.request_version == request.version - 1
        for step in steps
        for d in step.answers  # type: ignore[attr-defined]
    )


def activity(
    request: ApprovalRequest,
    steps: Sequence[ApprovalStep],
    parties: Sequence[ApprovalParty] = (),
) -> list[Activity]:
    """Newest first: how it closed without an answer, answers, the request itself."""
    lines = [Activity(request.requester_name, f"asked for it, {request.label}", request.opened_at)]
    lines += [
        Activity(d.name, _decision_words(d, step, request), d.decided_at, d.note)
        for step in steps
        for d in step.answers  # type: ignore[attr-defined]
    ]
    undone = any(d.undone for step in steps for d in step.answers)  # type: ignore[attr-defined]
    lines += [
        Activity(u.name, "took an answer back", u.undone_at, u.note)
        for u in (selectors.undos_of(request) if undone else ())
    ]
    lines += [
        Activity(_party_name(p, steps), "stepped back", p.created_at, p.note)
        for p in parties
        if p.reason == PartyReason.RECUSED
    ]
    if request.lane in BY_RULE and request.closed_at:
        rails = "its guardrails" if request.lane == Lane.AUTO else "what was approved before"
        lines.append(
            Activity(
                request.closed_by_name,
                f"approved it, within {rails}",
                request.closed_at,
                request.closed_note,
            )
        )
    if request.closed_at and request.status in {RequestStatus.WITHDRAWN, RequestStatus.VOIDED}:
        words = "took it back" if request.status == RequestStatus.WITHDRAWN else "replaced it"
        lines.append(
            Activity(request.closed_by_name, words, request.closed_at, request.closed_note)
        )
    return sorted(lines, key=lambda line: line.at, reverse=True)


def changes_since(request: ApprovalRequest, version: int) -> list[Activity]:
    """What happened to a request after the version somebody saw."""
    steps = selectors.steps_of(request)
    since = {
        d.decided_at
        for step in steps
        for d in step.answers  # type: ignore[attr-defined]
        if d.request_version >= version
    }
    since |= {u.undone_at for u in selectors.undos_of(request)}
    if request.closed_at:
        since.add(request.closed_at)
    return [
        line for line in activity(request, steps, selectors.parties_of(request)) if line.at in since
    ]


def earlier_requests(request: ApprovalRequest) -> list[ApprovalRequest]:
    """What was asked for the same subject before."""
    before = selectors.requests_of_subject(request.subject_type, request.subject_id)
    return list(before.exclude(id=request.id)[:EARLIER_SHOWN])


def amount_words(nanos: int | None, request: ApprovalRequest) -> str:
    """`$4,000 a month`; empty without an amount."""
    if nanos is None:
        return ""
    text = fmt.money(nanos, request.currency, style="agreed")
    return f"{text} a month" if request.amount_period == "month" else text


def asked_of(request: ApprovalRequest, parties: Sequence[ApprovalParty]) -> str:
    """Who answers questions about it; empty when nobody would."""
    if request.requester_id is not None:
        return request.requester_name
    return "the author" if any(p.reason == PartyReason.AUTHOR for p in parties) else ""


def answer_context(request: ApprovalRequest, form: DecisionForm) -> dict[str, Any]:
    """What the page says about the answer as the form stands: the choices, the words of the button
    that gives it, and the request as it would be approved.

    `approval` is the request with the cap that would be in force: whoever shows a figure of it
    shows the one that is being approved.
    """
    shown = copy(request)
    if form.lowered is not None:
        shown.approved_nanos = form.lowered
    acts = decision_acts(shown, lowered=form.lowered is not None)
    return {
        "approval": shown,
        "form": form,
        "acts": acts,
        "act": next((act for act in acts if act["value"] == form.chosen), acts[0]),
        "said": said_of(form),
        "lowered": form.lowered is not None,
        "in_force": amount_words(shown.approved_nanos, shown),
        "before": amount_words(request.approved_nanos, request),
    }


def decision_acts(request: ApprovalRequest, *, lowered: bool = False) -> list[dict[str, Any]]:
    """The choices with key, icon, tone, and what the button says for each.

    `lowered`: the amount of the request is the lower cap that is chosen.
    """
    amount = amount_words(request.approved_nanos, request)
    own = subjects.handler_for(request.subject_type).words(request)
    lower = f"Approve {amount}" if lowered else "Approve with the lower cap"
    whole = "Approve" if lowered else f"Approve {amount}".strip()
    acts = [
        ("approve", "a", "circle-check", "okr", "okb", "Approve", whole),
        ("lower", "l", "adjustments-horizontal", "okr", "okb", "Approve with a lower cap", lower),
        ("request_changes", "c", "arrow-back-up", "", "pri", "Request changes",
         "Send back for changes"),
        ("reject", "d", "circle-x", "badr", "badb", "Decline", "Decline this request"),
    ]  # fmt: skip
    refused = selectors.cap_refused(request)
    found = []
    for value, key, icon, css, tone, *words in acts:
        if value == LOWER and refused:
            continue
        label, act = own.get(value, words)
        found.append(
            {
                "value": value,
                "key": key,
                "icon": icon,
                "css": css,
                "tone": tone,
                "act": act,
                "label": label,
            }
        )
    return found


def subject_label(request: ApprovalRequest) -> str:
    return subjects.labels().get(request.subject_type, request.subject_type)


def role_words(roles: Sequence[str]) -> str:
    return ", ".join(LABELS[Role(role)] for role in roles)


def _party_name(party: Any, steps: Sequence[ApprovalStep]) -> str:
    for step in steps:
        for place in step.people:  # type: ignore[attr-defined]
            if place.membership_id == party.membership_id:
                return place.name
    return "An approver"


def _link(
    step: ApprovalStep, actor: Actor, now: datetime, zone: str, calendar: Calendar
) -> ChainLink:
    answers: list[ApprovalDecision] = [a for a in step.answers if not a.undone]  # type: ignore[attr-defined]
    if step.status == StepStatus.APPROVED:
        names = ", ".join(_answered(d) for d in answers)
        return ChainLink(step.name, "done", "circle-check", _day(step.closed_at), names)
    if step.status == StepStatus.ACTIVE:
        waiting = [a for a in step.people if a.is_open]  # type: ignore[attr-defined]
        mine = any(a.membership_id == actor.membership_id for a in waiting)
        name = f"{step.name}, you" if mine else step.name
        who = _names(_seats(waiting)) or f"Nobody holds {role_words(step.roles)} yet"
        if step.needed > 1:
            who = f"{len(answers)} of {step.needed} agreed; {who}"
        return ChainLink(
            name, "now", "hourglass", due_words(step.due_at, now, zone, calendar)[0], who
        )
    if step.status == StepStatus.WAITING:
        return ChainLink(step.name, "", "circle-dashed", role_words(step.roles))
    if answers:
        icon = "arrow-back-up" if step.status == StepStatus.CHANGES_REQUESTED else "circle-x"
        return ChainLink(step.name, "", icon, _day(step.closed_at), answers[-1].name)
    return ChainLink(step.name, "", "minus", StepStatus(step.status).label)


def _answered(decision: ApprovalDecision) -> str:
    """`CIO Acme for CFO Acme`, and the roles when one answer stood for several."""
    text = decision.name
    if decision.on_behalf_names:
        text += f" for {decision.on_behalf_names}"
    return text


def _seats(waiting: Sequence[Any]) -> list[str]:
    """Who is waited for; a deputy beside the person, `CFO Acme (or CIO Acme)`."""
    own = {a.membership_id: a.name for a in waiting if a.on_behalf_of_id is None}
    deputies: dict[Any, list[str]] = {}
    for place in waiting:
        if place.on_behalf_of_id is not None:
            deputies.setdefault(place.on_behalf_of_id, []).append(place.name)
    found = [
        f"{name} (or {', '.join(deputies[seat])})" if seat in deputies else name
        for seat, name in own.items()
    ]
    found += [
        f"{name} for {place.on_behalf_name}"
        for seat, names in deputies.items()
        if seat not in own
        for place in waiting
        if place.on_behalf_of_id == seat
        for name in names[:1]
    ]
    return list(dict.fromkeys(found))


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _day(moment: datetime | None) -> str:
    return fmt.day(moment.date()) if moment else ""


def _decision_words(
    decision: ApprovalDecision, step: ApprovalStep, request: ApprovalRequest
) -> str:
    words = DECISION_WORDS[Decision(decision.decision)]
    roles = decision.roles or ([decision.role] if decision.role else [])
    if roles:
        words += " as " + " and ".join(LABELS[Role(role)] for role in roles)
        words += ", in one answer" if len(roles) > 1 else ""
    if decision.on_behalf_names:
        words += f" for {decision.on_behalf_names}"
    if decision.reason:
        words += f": {RejectReason(decision.reason).label.lower()}"
    if decision.cap_nanos is not None:
        words += f", cap {amount_words(decision.cap_nanos, request)}"
    if decision.undone:  # type: ignore[attr-defined]
        words += " (undone)"
    return words
