"""The queue, the decision page beside it, and the two acts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.views import View

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.approvals import selectors, services, subjects
from apps.approvals.enums import Lane, RejectReason, RequestStatus, SampleStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.working_days import Calendar
from apps.approvals.selectors.calendar import calendar
from apps.approvals.services.questions import ASKERS
from apps.approvals.web import present
from apps.approvals.web.base import people_choices, tabs
from apps.approvals.web.forms import DecisionForm, WithdrawForm, decision_form
from apps.approvals.web.rows import CSV_HEAD, csv_row, receipt_words
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.common.web import csvout, paging
from apps.common.web.filters import (
    ChoiceFilter,
    Control,
    CustomFilter,
    Filter,
    RelationFilter,
    SearchFilter,
)
from apps.common.web.forms import add_errors
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
        page = paging.numbered(self.rows(), self.request.GET.get("page", ""), PAGE_SIZE)
        if current is None and page.rows:
            current = page.rows[0]
        tab = self.tab()
        ids = {row.id for row in page.rows} | ({current.id} if current else set())
        mine, delegated = selectors.count_mine(self.request.actor)
        seats = selectors.seats_of(self.request.actor, sorted(ids)) if delegated else {}
        context: dict[str, Any] = {
            "title": current.title if current is not None and chosen else "Approvals",
            "region": REGION,
            "tab": tab,
            "tabs": self._tabs(tab, page.total or 0, mine, delegated),
            "queue_title": QUEUE_TITLES[tab],
            "items": [
                present.queue_item(row, now, zone, known, seats.get(row.id, ""))
                for row in page.rows
            ],
            "beside": tabs(self.request, "approvals:list"),
            "others": 0 if page.rows else selectors.waiting_for_others(self.request.actor).count(),
            "may_answer_many": tab in {MINE, DELEGATED} and len(page.rows) > 1,
            "page": page,
            "controls": self.controls(),
            "filtered": any(f.read(self.request) for f in self.filters()),
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
        subject = handler.detail(actor=actor, request=current)
        url = handler.url(current)
        choice = self.request.GET.get("choice", "")
        return {
            **subject.context,
            "subject": subject,
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
            "usual_conditions": selectors.usual_conditions() if not blocked else [],
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
            "in_force": present.amount_words(current.approved_nanos, current),
            "blocked": blocked,
            "acts": present.decision_acts(current),
            "consequence": handler.consequence(current),
            "asked_of": present.asked_of(current, parties),
            "can_withdraw": current.is_open and actor.owns(current.requester_id),
            "form": form
            or decision_form(current.version, present.ceiling_of(current), choice=choice),
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


@requires(P.APPROVAL_VIEW)
class Queue(Pane):
    """`/approvals/` and `/approvals/<id>/`: the same page, the second with a chosen request."""

    def get(self, request: HttpRequest, request_id: UUID | None = None) -> HttpResponseBase:
        if request.GET.get("format") == "csv":
            return self._export()
        if request_id is None:
            last = paging.beyond(self.rows(), request.GET.get("page", ""), PAGE_SIZE)
            if last is not None:
                query = request.GET.copy()
                query["page"] = str(last)
                return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
            return self.pane(None, chosen=False)
        return self.pane(selectors.request_by_id(request.actor, request_id), chosen=True)

    def _export(self) -> HttpResponseBase:
        rows = self.rows().iterator(chunk_size=1000)
        name = f"approvals-{self.tab()}-{clock.today().isoformat()}.csv"
        return csvout.response(name, CSV_HEAD, (csv_row(row) for row in rows))


@requires(P.APPROVAL_ANSWER)
class Decide(Pane):
    """POST: one answer. 422 and 409 come back on the same page with what was typed."""

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        current = selectors.request_by_id(request.actor, request_id)
        form = decision_form(current.version, present.ceiling_of(current), request.POST)
        if not form.is_valid():
            return self.pane(current, chosen=True, form=form, status=422)
        answer = form.answer()
        try:
            receipt = services.decide(actor=request.actor, request_id=request_id, **answer)
        except Invalid as error:
            add_errors(form, error)
            return self.pane(current, chosen=True, form=form, status=422)
        except Conflict as error:
            return self._conflict(request_id, answer, error)
        return self._done(receipt)

    def _conflict(self, request_id: UUID, answer: dict[str, Any], error: Conflict) -> HttpResponse:
        """What changed since the page was opened, and the form again for the new version."""
        self.request.undo_writes = True
        current = selectors.request_by_id(self.request.actor, request_id)
        form = decision_form(current.version, present.ceiling_of(current))
        form.initial["note"] = answer["note"]
        for n, asked in enumerate(answer["conditions"]):
            form.initial[f"condition_{n}"] = asked.text
            form.initial[f"condition_due_{n}"] = asked.due_on
        changes = present.changes_since(current, answer["version"])
        return self.pane(
            current, chosen=True, form=form, status=409, conflict=error, changes=changes
        )

    def _done(self, receipt: services.Receipt) -> HttpResponse:
        """The receipt, and what waits next. Without script: a redirect to the queue."""
        words = receipt_words(receipt)
        if self.request.headers.get("HX-Request") != "true":
            messages.success(self.request, words)
            return HttpResponseRedirect(org_url(self.request, "approvals:list"))
        url = org_url(self.request, "approvals:detail", request_id=receipt.request.id)
        response = self.pane(None, chosen=False, receipt=words, receipt_url=url)
        response["HX-Push-Url"] = org_url(self.request, "approvals:list")
        return response


@requires(P.APPROVAL_VIEW)
class Withdraw(Pane):
    """POST: the requester takes an open request back."""

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        form = WithdrawForm(request.POST)
        current = selectors.request_by_id(request.actor, request_id)
        if not form.is_valid():
            return self.pane(current, chosen=True, status=422)
        services.withdraw(
            actor=request.actor,
            request_id=request_id,
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        messages.success(request, f"You took back {current.title}.")
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))
