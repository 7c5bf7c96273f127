"""What the queue, the decision page beside it and its acts share."""

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.views import View

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.approvals import selectors, services, subjects
from apps.approvals.enums import Lane, RejectReason, RequestStatus, SampleStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.working_days import Calendar
from apps.approvals.selectors.calendar import calendar
from apps.approvals.services.questions import ASKERS
from apps.approvals.web import present
from apps.approvals.web.base import people_choices, tabs
from apps.approvals.web.forms import DecisionForm, decision_form
from apps.common import clock
from apps.common.web import paging
from apps.common.web.filters import (
    ChoiceFilter,
    Control,
    CustomFilter,
    Filter,
    RelationFilter,
    SearchFilter,
)
from apps.organizations.selectors import unit_choices
from apps.savedviews.web.bar import bar
from apps.tenancy.urls import org_url

REGION = "approvals"
PAGE_SIZE = 25
MINE, UNIT, DELEGATED, OTHERS, DECIDED, SAMPLE = (
    "mine",
    "unit",
    "delegated",
    "others",
    "decided",
    "sample",
)
FINDERS = {
    MINE: selectors.waiting_for,
    UNIT: selectors.of_my_units,
    DELEGATED: selectors.delegated_to,
    OTHERS: selectors.waiting_for_others,
    DECIDED: selectors.decided,
    SAMPLE: selectors.to_sample,
}
LABELS = {
    MINE: "Mine",
    UNIT: "Units",
    DELEGATED: "For others",
    OTHERS: "Others",
    DECIDED: "Decided",
    SAMPLE: "To look at",
}
SORTS = {
    "due": ("Due first", [F("due_at").asc(nulls_last=True)]),
    "-amount": ("Most money first", [F("amount_nanos").desc(nulls_last=True)]),
    "-opened": ("Newest first", [F("opened_at").desc()]),
    "opened": ("Oldest first", [F("opened_at").asc()]),
}
DECIDED_SORTS = {
    "-closed": ("Latest answer first", [F("closed_at").desc(nulls_last=True)]),
    "-amount": SORTS["-amount"],
}


class Pane(View):
    """What the queue page and its acts share."""

    request: HttpRequest

    @cached_property
    def units(self) -> list[tuple[str, str]]:
        return unit_choices()

    def filters(self) -> list[Filter]:
        kinds = [(name, label) for name, label in subjects.labels().items()]
        found: list[Filter] = [
            SearchFilter("q", "Search", fields=("title_norm",), placeholder="Title…"),
            RelationFilter("unit", "Team", choices=lambda request: self.units),
        ]
        if len(kinds) > 1:
            found.append(ChoiceFilter("type", "About", field="subject_type", choices=kinds))
        if self.tab() == DECIDED:
            closed = [c for c in RequestStatus.choices() if c[0] != RequestStatus.PENDING]
            found.append(ChoiceFilter("status", "Answer", choices=closed))
            found.append(ChoiceFilter("lane", "Lane", choices=Lane.choices()))
        else:
            found.append(
                CustomFilter(
                    "late",
                    "Due",
                    choices=(("1", "Overdue"),),
                    any_label="Any day",
                    narrow=lambda rows, value: rows.filter(due_at__lt=clock.now()),
                )
            )
        return found

    def tab(self) -> str:
        """The wanted tab; by default one's own queue, for those who decide at all."""
        wanted = self.request.GET.get("tab", "")
        if wanted in FINDERS:
            return wanted
        return MINE if selectors.can_decide_at_all(self.request.actor) else OTHERS

    def sorts(self) -> dict[str, tuple[str, list[Any]]]:
        return DECIDED_SORTS if self.tab() in {DECIDED, SAMPLE} else SORTS

    def sort(self) -> str:
        wanted = self.request.GET.get("sort", "")
        return wanted if wanted in self.sorts() else next(iter(self.sorts()))

    def rows(self) -> QuerySet[ApprovalRequest]:
        rows = FINDERS[self.tab()](self.request.actor)
        for item in self.filters():
            value = item.read(self.request)
            if value:
                rows = item.apply(rows, value)
        return rows.order_by(*self.sorts()[self.sort()][1], "-id")

    def controls(self) -> list[Control]:
        found = [f.control(self.request, f.read(self.request)) for f in self.filters()]
        options = tuple((key, label) for key, (label, _) in self.sorts().items())
        return [*found, Control("select", "sort", "Sort", self.sort(), options, any_label="")]

    def pane(
        self,
        current: ApprovalRequest | None,
        *,
        chosen: bool,
        form: DecisionForm | None = None,
        status: int = 200,
        **extra: Any,
    ) -> HttpResponse:
        """The page, or its region for htmx. `chosen`: the person opened this request."""
        now, zone, known = clock.now(), self.request.organization.timezone, calendar()
        mine, delegated = selectors.count_mine(self.request.actor)
        filtered = any(f.read(self.request) for f in self.filters())
        known_total = {MINE: mine, DELEGATED: delegated}.get(self.tab()) if not filtered else None
        page = paging.numbered(
            self.rows(), self.request.GET.get("page", ""), PAGE_SIZE, total=known_total
        )
        if current is None and page.rows:
            current = page.rows[0]
        tab = self.tab()
        ids = {row.id for row in page.rows} | ({current.id} if current else set())
        seats = selectors.seats_of(self.request.actor, sorted(ids)) if delegated else {}
        context: dict[str, Any] = {
            "title": current.title if current is not None and chosen else "Approvals",
            "region": REGION,
            "tab": tab,
            "tabs": self._tabs(tab, page.total or 0, mine, delegated),
            "queue_title": QUEUE_TITLES[tab],
            "mine": mine,
            "items": [
                present.queue_item(row, now, zone, known, seats.get(row.id, ""))
                for row in page.rows
            ],
            "beside": tabs(self.request, "approvals:list"),
            "others": 0 if page.rows else selectors.waiting_for_others(self.request.actor).count(),
            "may_answer_many": tab in {MINE, DELEGATED} and len(page.rows) > 1,
            "page": page,
            "controls": self.controls(),
            "filtered": filtered,
            "sorted": self.request.GET.get("sort", "") in self.sorts(),
            "keep": "tab",
            "views": bar(self.request, "approvals"),
            "chosen": chosen,
            "approval": current,
            "zone": zone,
            **extra,
        }
        if current is not None:
            context |= self._detail(current, form, known)
            context["seat"] = seats.get(current.id, "")
        region_only = (
            self.request.headers.get("HX-Request") == "true"
            and self.request.headers.get("HX-Target") == REGION
        )
        template = "approvals/_pane.html" if region_only else "approvals/queue.html"
        response = render(self.request, template, context, status=status)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def _tabs(self, tab: str, shown: int, mine: int, delegated: int) -> list[dict[str, Any]]:
        """The tabs. One's own is always counted, the others when they are shown."""
        actor = self.request.actor
        counts: dict[str, int | None] = {MINE: mine, tab: shown}
        offered = [MINE, UNIT, OTHERS, DECIDED]
        if delegated or tab == DELEGATED:
            counts[DELEGATED] = delegated
            offered.insert(1, DELEGATED)
        if selectors.can_decide_at_all(actor):
            sampled = selectors.to_sample(actor).count()
            if sampled or tab == SAMPLE:
                counts[SAMPLE] = sampled
                offered.append(SAMPLE)
        return [
            {"name": n, "label": LABELS[n], "count": counts.get(n), "current": n == tab}
            for n in offered
        ]

    def _detail(
        self, current: ApprovalRequest, form: DecisionForm | None, known: Calendar
    ) -> dict[str, Any]:
        actor = self.request.actor
        now, zone = clock.now(), self.request.organization.timezone
        steps, parties = selectors.steps_of(current), selectors.parties_of(current)
        handler = subjects.handler_for(current.subject_type)
        blocked = selectors.blocked_reason(actor, current, steps, parties)
        form = form or decision_form(
            current,
            choice=self.request.GET.get("choice", ""),
            cap=self.request.GET.get("cap", ""),
        )
        answering = present.answer_context(current, form)
        subject = handler.detail(actor=actor, request=answering["approval"])
        url = handler.url(current)
        return {
            **answering,
            **subject.context,
            "subject": subject,
            "effect": handler.effect(actor=actor, request=answering["approval"])
            if current.is_open
            else None,
            "subject_label": present.subject_label(current),
            "subject_url": org_url(self.request, url[0], **url[1]) if url else "",
            "item": present.queue_item(current, now, zone, known),
            "steps": present.chain(current, steps, actor, now, zone, known),
            "panels": subjects.panels_for(actor, current),
            "questions": selectors.questions_of(current),
            "may_ask": current.is_open
            and may_ask(actor, current, blocked)
            and bool(present.asked_of(current, parties)),
            "may_answer": any(
                p.membership_id == actor.membership_id and p.reason in ASKERS for p in parties
            ),
            "conditions": selectors.conditions_of(current),
            "can_undo": present.is_last_word(actor, current, steps)
            and services.can_undo(actor, current),
            "can_sample": current.sample_status == SampleStatus.DUE
            and can(actor, P.APPROVAL_DECIDE, unit_id=current.unit_id)
            and not actor.owns(current.requester_id),
            "sample_label": SampleStatus(current.sample_status).label
            if current.sample_status != SampleStatus.NONE
            else "",
            "people": people_choices(without=actor.membership_id, actor=actor)
            if not blocked
            else [],
            "reason_label": RejectReason(current.closed_reason).label
            if current.closed_reason
            else "",
            "activity": present.activity(current, steps, parties),
            "earlier": present.earlier_requests(current),
            "amount": present.amount_words(current.amount_nanos, current),
            "blocked": blocked,
            "consequence": handler.consequence(current),
            "asked_of": present.asked_of(current, parties),
            "can_withdraw": current.is_open and actor.owns(current.requester_id),
        }


QUEUE_TITLES = {
    MINE: "Waiting for you",
    UNIT: "Waiting in your units",
    DELEGATED: "You answer for others",
    OTHERS: "Waiting for others",
    DECIDED: "Decided",
    SAMPLE: "Approved by rule, to look at",
}


def may_ask(actor: Actor, current: ApprovalRequest, blocked: str) -> bool:
    """Whoever may decide asks; whoever asked for it answers."""
    if actor.membership_id is None or actor.owns(current.requester_id):
        return False
    return not blocked or can(actor, P.APPROVAL_DECIDE, unit_id=current.unit_id)
