"""Saving and deleting from any page; both go back to where they were asked."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.common.errors import Invalid
from apps.savedviews import pages, selectors, services
from apps.tenancy.urls import org_url


@requires(P.ORG_VIEW)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep `query` of `page` under `name`."""
    page = request.POST.get("page", "")
    try:
        view = services.save_view(
            actor=actor_of(request),
            page=page,
            name=request.POST.get("name", ""),
            query=request.POST.get("query", ""),
            shared=request.POST.get("shared") == "1",
        )
    except Invalid as error:
        messages.error(request, " ".join(f"{e.message} {e.fix}".strip() for e in error.errors))
        return HttpResponseRedirect(_back(request, page))
    messages.success(request, f"View “{view.name}” saved.")
    return HttpResponseRedirect(f"{_address(request, page)}?{view.query}")


@requires(P.ORG_VIEW)
@require_POST
def delete(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = selectors.view_by_id(actor_of(request), view_id)
    services.delete_view(actor=actor_of(request), view_id=view_id)
    messages.success(request, f"View “{view.name}” deleted.")
    return HttpResponseRedirect(_back(request, view.page))


@requires(P.ORG_VIEW)
@require_POST
def default(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Open the page with this view, or with `off=1` no longer."""
    on = request.POST.get("off") != "1"
    view = services.set_default(actor=actor_of(request), view_id=view_id, on=on)
    said = "opens" if on else "no longer opens"
    messages.success(request, f"The page {said} with “{view.name}”.")
    return HttpResponseRedirect(_back(request, view.page))


def _address(request: HttpRequest, page: str) -> str:
    known = pages.page(page)
    return org_url(request, known.url_name if known else "portal:home")


def _back(request: HttpRequest, page: str) -> str:
    target = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if safe and target.startswith("/") else _address(request, page)
