"""The queue and the decision page beside it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.web import requires
from apps.approvals import selectors
from apps.approvals.web.pane import PAGE_SIZE, Pane
from apps.approvals.web.rows import CSV_HEAD, csv_row
from apps.common import clock
from apps.common.web import csvout, paging


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
