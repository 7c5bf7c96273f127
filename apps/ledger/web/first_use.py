"""What pages of usage say before anything was ever connected."""

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.common.web.lists import Empty
from apps.ledger.selectors.coverage import coverage
from apps.tenancy.urls import org_url


def nothing_connected(request: HttpRequest) -> Empty | None:
    """The empty state of an organization without a source; None where there is one."""
    if coverage().sources:
        return None
    title = "No consumption yet"
    body = "Connect one source, and its history appears here: tokens, cost, and who used them."
    if can_anywhere(request.actor, P.SOURCE_MANAGE):
        url = org_url(request, "connectors:list")
        return Empty(title, body, "Connect a source", url, "database")
    return Empty(title, f"{body} An administrator or TokenOps does.", icon="database")
