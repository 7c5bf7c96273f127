"""Opens the organization's scope around the view and its rendering.

Who may enter is decided before the scope opens, through the doors: a person by membership, an
integration by its API key. Everything after this middleware sees one organization only.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from apps.common.memo import remembering
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope

_PORTAL = re.compile(r"^/o/(?P<slug>[a-z0-9][a-z0-9-]*)(/|$)")
_API = "/api/"
_READS = ("GET", "HEAD")
ORGANIZATION_HEADER = "X-TokenOps-Organization"


def hash_secret(secret: str) -> str:
    """The stored form of an API key or invitation token (they carry 256 random bits)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bearer(request: HttpRequest) -> str:
    """The API key of the request, or an empty string.

    `Authorization: Bearer <key>`, or `X-API-Key: <key>` for exporters that can set no header with a
    blank. Some send the blank as their variables hold it: `Bearer%20<key>`.
    """
    header = request.headers.get("Authorization", "").replace("%20", " ", 1)
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    return request.headers.get("X-API-Key", "").strip()


class TenantMiddleware:
    """One transaction per request inside an organization; errors undo it whole. A request that
    reads asks each question once (`apps.common.memo`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.organization = None
        request.actor = None
        request.belongings = None
        request.undo_writes = False
        portal = _PORTAL.match(request.path_info)
        if portal:
            if not request.user.is_authenticated:
                query = urlencode({"next": request.get_full_path()})
                return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query}")
            request.belongings = doors.memberships_of(request.user.pk)
            mine = (b.organization_id for b in request.belongings if b.slug == portal["slug"])
            # A support visitor belongs to no organization.
            organization_id = next(mine, None) or doors.org_for_member(
                portal["slug"], request.user.pk
            )
            if organization_id is None:
                raise Http404
        else:
            organization_id = self._api_organization(request)
        if organization_id is None:
            return self.get_response(request)
        reads = remembering() if request.method in _READS else nullcontext()
        with tenant_scope(organization_id), reads:
            response = self.get_response(request)
            if request.undo_writes or response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        """Views never see the slug: it has been resolved."""
        kwargs.pop("org", None)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Django turns exceptions into responses before a middleware sees them."""
        request.undo_writes = True

    def _api_organization(self, request: HttpRequest) -> UUID | None:
        if not request.path_info.startswith(_API):
            return None
        if secret := bearer(request):
            return doors.org_for_api_key(hash_secret(secret))
        slug = request.headers.get(ORGANIZATION_HEADER, "")
        if slug and request.user.is_authenticated:
            return doors.org_for_member(slug, request.user.pk)
        return None
