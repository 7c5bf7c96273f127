"""Several answers at once: chosen rows, an answer for each, a result for each."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.approvals import selectors, services
from apps.approvals.enums import Decision, RejectReason
from apps.approvals.models import ApprovalRequest
from apps.approvals.services.bulk import BulkAnswer, BulkResult
from apps.approvals.subjects import handler_for
from apps.approvals.web import present
from apps.approvals.web.forms import LOWER
from apps.common import clock, fmt
from apps.common.money import to_nanos
from apps.tenancy.urls import org_url

MOST = 50
LATER = ""
CHOICES = (
    (LATER, "Leave it"),
    (Decision.APPROVE.value, "Approve"),
    (LOWER, "Lower cap"),
    (Decision.REQUEST_CHANGES.value, "Request changes"),
    (Decision.REJECT.value, "Decline"),
)


def _choices(row: ApprovalRequest) -> list[tuple[str, str]]:
    """The answers of a row, in the words of its subject."""
    own = handler_for(row.subject_type).words(row)
    return [
        (value, own[value][0] if value in own else label)
        for value, label in CHOICES
        if value != LOWER or selectors.ceiling_of(row) is not None
    ]


@requires(P.APPROVAL_ANSWER)
class Bulk(View):
    """GET `?id=…&id=…` shows the rows (without ids: the first of one's queue); POST answers."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page([])

    def post(self, request: HttpRequest) -> HttpResponseBase:
        rows = self._rows(request.POST.getlist("id"))
        answers, problems = [], {}
        for row in rows:
            answer, problem = _read(request, row)
            if problem:
                problems[row.id] = BulkResult(row.id, 422, "invalid", problem)
            elif answer is not None:
                answers.append(answer)
        results = services.decide_many(actor=request.actor, answers=answers) if answers else []
        found = {r.request_id: r for r in results} | problems
        status = 200 if found and all(r.status == 200 for r in found.values()) else 207
        if not found:
            status = 422
        return self._page([r.id for r in rows], results=found, status=status)

    def _rows(self, ids: list[str]) -> list[ApprovalRequest]:
        wanted = []
        for text in ids[:MOST]:
            try:
                wanted.append(UUID(text))
            except ValueError:
                continue
        if wanted:
            rows = selectors.requests_for(self.request.actor).filter(id__in=wanted)
        else:
            rows = selectors.waiting_for(self.request.actor)
        return list(rows.order_by("due_at", "-id")[:MOST])

    def _page(
        self,
        ids: list[UUID],
        *,
        results: dict[UUID, BulkResult] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        request = self.request
        rows = self._rows([str(i) for i in ids] or request.GET.getlist("id"))
        now, zone = clock.now(), request.organization.timezone
        done = results or {}
        waiting = sum(r.is_open for r in rows)
        items: list[dict[str, Any]] = [
            {
                "item": present.queue_item(row, now, zone),
                "request": row,
                "amount": present.amount_words(row.approved_nanos, row),
                "result": done.get(row.id),
                "choices": _choices(row),
                "chosen": request.POST.get(f"decision-{row.id}", ""),
                "note": request.POST.get(f"note-{row.id}", ""),
                "cap": request.POST.get(f"cap-{row.id}", ""),
                "reason": request.POST.get(f"reason-{row.id}", ""),
            }
            for row in rows
        ]
        worked = sum(r.status == 200 for r in done.values())
        if results is None:
            title = f"Answer {fmt.plural(waiting, 'request')}"
        elif not done:
            title = "No answer was chosen"
        else:
            title = f"{worked} of {fmt.plural(len(done), 'answer')} recorded"
        context = {
            "title": title,
            "lede": "Each row is answered by itself: one that is refused leaves the others.",
            "crumbs": [
                ("Approvals", org_url(request, "approvals:list")),
                ("Several at once", ""),
            ],
            "items": items,
            "reasons": RejectReason.choices(),
            "results": results is not None,
        }
        return render(request, "approvals/bulk.html", context, status=status)


def _read(request: HttpRequest, row: ApprovalRequest) -> tuple[BulkAnswer | None, str]:
    """The answer of one row, or what is wrong with it; neither when it is left."""
    chosen = request.POST.get(f"decision-{row.id}", "")
    if chosen not in dict(CHOICES) or chosen == LATER:
        return None, ""
    cap = None
    if chosen == LOWER:
        try:
            cap = to_nanos(Decimal(request.POST.get(f"cap-{row.id}", "").replace(",", "")))
        except InvalidOperation:
            return None, "Enter the cap you approve."
    version = request.POST.get(f"version-{row.id}", "")
    rejects = chosen == Decision.REJECT
    return (
        BulkAnswer(
            row.id,
            int(version) if version.isdecimal() and len(version) < 9 else 0,
            Decision.APPROVE.value if chosen == LOWER else chosen,
            request.POST.get(f"note-{row.id}", ""),
            request.POST.get(f"reason-{row.id}", "") if rejects else "",
            cap,
        ),
        "",
    )
