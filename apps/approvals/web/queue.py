"""The queue, the decision page beside it, and the two acts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.approvals import selectors, services, subjects
from apps.approvals.enums import RequestStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.web import present
from apps.approvals.web.forms import DecisionForm, WithdrawForm, decision_form
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.common.money import from_nanos
from apps.common.web import csvout, paging
from apps.common.web.filters import ChoiceFilter, Control, Filter, RelationFilter, SearchFilter
from apps.common.web.forms import add_errors
from apps.organizations.selectors import unit_choices
from apps.savedviews.web.bar import bar
from apps.tenancy.urls import org_url

REGION = "approvals"
PAGE_SIZE = 25
MINE, OTHERS, DECIDED = "mine", "others", "decided"
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
CSV_HEAD = (
    "Reference",
    "Revision",
    "Title",
    "Subject",
    "Team",
    "Status",
    "Amount asked",
    "Amount in force",
    "Currency",
    "Per",
    "Asked by",
    "Asked at",
    "Due at",
    "Closed at",
    "Closed by",
    "Note",
)


class Pane(View):
    """What the queue page and its acts share."""

    request: HttpRequest

    def filters(self) -> list[Filter]:
        kinds = [(name, label) for name, label in subjects.labels().items()]
        found: list[Filter] = [
            SearchFilter("q", "Search", fields=("title_norm",), placeholder="Title…"),
            RelationFilter("unit", "Team", choices=lambda request: unit_choices()),
        ]
        if len(kinds) > 1:
            found.append(ChoiceFilter("type", "About", field="subject_type", choices=kinds))
        if self.tab() == DECIDED:
            closed = [c for c in RequestStatus.choices() if c[0] != RequestStatus.PENDING]
            found.append(ChoiceFilter("status", "Answer", choices=closed))
        return found

    def tab(self) -> str:
        """The wanted tab; by default one's own queue, for those who decide at all."""
        wanted = self.request.GET.get("tab", "")
        if wanted in {MINE, OTHERS, DECIDED}:
            return wanted
        return MINE if selectors.can_decide_at_all(self.request.actor) else OTHERS

    def sorts(self) -> dict[str, tuple[str, list[Any]]]:
        return DECIDED_SORTS if self.tab() == DECIDED else SORTS

    def sort(self) -> str:
        wanted = self.request.GET.get("sort", "")
        return wanted if wanted in self.sorts() else next(iter(self.sorts()))

    def rows(self) -> QuerySet[ApprovalRequest]:
        find = {
            MINE: selectors.waiting_for,
            OTHERS: selectors.waiting_for_others,
            DECIDED: selectors.decided,
        }[self.tab()]
        rows = find(self.request.actor)
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
        now, zone = clock.now(), self.request.organization.timezone
        page = paging.numbered(self.rows(), self.request.GET.get("page", ""), PAGE_SIZE)
        if current is None and page.rows:
            current = page.rows[0]
        tab = self.tab()
        context: dict[str, Any] = {
            "title": current.title if current is not None and chosen else "Approvals",
            "region": REGION,
            "tab": tab,
            "tabs": self._tabs(tab, page.total or 0),
            "items": [present.queue_item(row, now, zone) for row in page.rows],
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
            context |= self._detail(current, form)
        region_only = (
            self.request.headers.get("HX-Request") == "true"
            and self.request.headers.get("HX-Target") == REGION
        )
        template = "approvals/_pane.html" if region_only else "approvals/queue.html"
        response = render(self.request, template, context, status=status)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def _tabs(self, tab: str, shown: int) -> list[dict[str, Any]]:
        """Counts of the tabs; what is decided only grows, so it is counted when it is open."""
        actor = self.request.actor
        counts = {
            MINE: selectors.count_waiting_for(actor),
            OTHERS: selectors.waiting_for_others(actor).count(),
            DECIDED: shown if tab == DECIDED else None,
        }
        labels = {MINE: "Mine", OTHERS: "With others", DECIDED: "Decided"}
        return [
            {"name": name, "label": label, "count": counts[name], "current": name == tab}
            for name, label in labels.items()
        ]

    def _detail(self, current: ApprovalRequest, form: DecisionForm | None) -> dict[str, Any]:
        actor = self.request.actor
        now, zone = clock.now(), self.request.organization.timezone
        steps = selectors.steps_of(current)
        handler = subjects.handler_for(current.subject_type)
        blocked = selectors.blocked_reason(actor, current)
        subject = handler.detail(actor=actor, request=current)
        url = handler.url(current)
        choice = self.request.GET.get("choice", "")
        return {
            **subject.context,
            "subject": subject,
            "subject_label": present.subject_label(current),
            "subject_url": org_url(self.request, url[0], **url[1]) if url else "",
            "item": present.queue_item(current, now, zone),
            "steps": present.chain(steps, actor, now, zone),
            "activity": present.activity(current, steps),
            "earlier": present.earlier_requests(current),
            "amount": present.amount_words(current.amount_nanos, current),
            "in_force": present.amount_words(current.approved_nanos, current),
            "blocked": blocked,
            "acts": present.decision_acts(current),
            "consequence": handler.consequence(current),
            "can_withdraw": current.is_open and actor.owns(current.requester_id),
            "form": form or decision_form(current.version, current.approved_nanos, choice=choice),
        }


@requires(P.APPROVAL_VIEW)
class Queue(Pane):
    """`/approvals/` and `/approvals/<id>/`: the same page, the second with a chosen request."""

    def get(self, request: HttpRequest, request_id: UUID | None = None) -> HttpResponseBase:
        if request.GET.get("format") == "csv":
            return self._export()
        if request_id is None:
            return self.pane(None, chosen=False)
        return self.pane(selectors.request_by_id(request.actor, request_id), chosen=True)

    def _export(self) -> HttpResponseBase:
        rows = self.rows().iterator(chunk_size=1000)
        name = f"approvals-{self.tab()}-{clock.today().isoformat()}.csv"
        return csvout.response(name, CSV_HEAD, (_csv_row(row) for row in rows))


@requires(P.APPROVAL_DECIDE)
class Decide(Pane):
    """POST: one answer. 422 and 409 come back on the same page with what was typed."""

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        current = selectors.request_by_id(request.actor, request_id)
        form = decision_form(current.version, current.approved_nanos, request.POST)
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
        form = decision_form(current.version, current.approved_nanos)
        form.initial["note"] = answer["note"]
        changes = present.changes_since(current, answer["version"])
        return self.pane(
            current, chosen=True, form=form, status=409, conflict=error, changes=changes
        )

    def _done(self, receipt: services.Receipt) -> HttpResponse:
        """The receipt, and what waits next. Without script: a redirect to the queue."""
        words = _receipt_words(receipt)
        if self.request.headers.get("HX-Request") != "true":
            messages.success(self.request, words)
            return HttpResponseRedirect(org_url(self.request, "approvals:list"))
        response = self.pane(None, chosen=False, receipt=words)
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


def _receipt_words(receipt: services.Receipt) -> str:
    request, outcome = receipt.request, receipt.outcome
    if not outcome.final:
        return f"Your approval of {request.title} is recorded. Others decide next."
    if outcome.status is RequestStatus.APPROVED:
        amount = present.amount_words(outcome.approved_nanos, request)
        return f"You approved {request.title}{f' at {amount}' if amount else ''}."
    if outcome.status is RequestStatus.REJECTED:
        return f"You declined {request.title}. {request.requester_name} sees your note."
    return f"You sent {request.title} back. {request.requester_name} sees your note."


def _csv_row(row: ApprovalRequest) -> Sequence[Any]:
    def amount(nanos: int | None) -> Any:
        return None if nanos is None else from_nanos(nanos)

    return (
        row.subject_ref,
        row.revision_number,
        row.title,
        row.subject_type,
        row.unit.name if row.unit else None,
        RequestStatus(row.status).label,
        amount(row.amount_nanos),
        amount(row.approved_nanos),
        row.currency,
        row.amount_period,
        row.requester_name,
        row.opened_at,
        row.due_at,
        row.closed_at,
        row.closed_by_name,
        row.closed_note,
    )
