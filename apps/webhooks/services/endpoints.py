"""Adding, changing and ending endpoints."""

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.connectors import crypto, guard
from apps.trail.services import record
from apps.webhooks import events, rules, selectors
from apps.webhooks.enums import EndpointStatus, Form
from apps.webhooks.models import WebhookEndpoint

OLD_SECRET_FOR = timedelta(hours=24)
MOST_ENDPOINTS = 50
_LAST = UUID(int=2**128 - 1)


@transaction.atomic
def create_endpoint(
    *, actor: Actor, name: str, form: str, address: str, actions: Sequence[str] = ()
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, told of what happens from now on, and its secret (signed form only).

    The secret is in this answer and nowhere else. Raises Invalid naming the field, Forbidden.
    """
    require(actor, P.WEBHOOK_MANAGE)
    if form not in Form.values:
        raise Invalid("Unknown form.", field="form", fix=f"One of {', '.join(Form.values)}.")
    if selectors.endpoints(actor).count() >= MOST_ENDPOINTS:
        raise Invalid(f"There are {MOST_ENDPOINTS} webhooks.", fix="Retire one first.")
    secret = _new_secret() if form == Form.SIGNED else ""
    cursor_xid, cursor_id = _now()
    endpoint = WebhookEndpoint.objects.create(
        name=_name(name),
        form=form,
        **_address(address),
        secret=crypto.encrypt(secret) if secret else "",
        actions=_actions(actions),
        cursor_xid=cursor_xid,
        cursor_id=cursor_id,
        created_by_name=actor.name,
    )
    record(actor=actor, action=events.ADDED, obj=endpoint, after=_shown(endpoint))
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    *,
    actor: Actor,
    endpoint: WebhookEndpoint,
    version: int,
    name: str,
    actions: Sequence[str] = (),
    address: str = "",
) -> WebhookEndpoint:
    """Change name, events and, where given, the address. Raises Invalid, Conflict, Forbidden."""
    before = _shown(endpoint)
    values: dict[str, Any] = {"name": _name(name), "actions": _actions(actions)}
    if address.strip():
        values |= _address(address)
    _update(actor, endpoint, version, values)
    record(actor=actor, action=events.CHANGED, obj=endpoint, before=before, after=_shown(endpoint))
    return endpoint


@transaction.atomic
def rotate_secret(*, actor: Actor, endpoint: WebhookEndpoint, version: int) -> str:
    """A new secret; for a day every delivery carries the old one's signature as well."""
    if endpoint.form != Form.SIGNED:
        raise Invalid(
            "Only signed webhooks have a secret.", fix="Change the address of the channel instead."
        )
    secret = _new_secret()
    values = {
        "secret": crypto.encrypt(secret),
        "old_secret": endpoint.secret,
        "old_secret_until": clock.now() + OLD_SECRET_FOR,
    }
    _update(actor, endpoint, version, values)
    record(actor=actor, action=events.ROTATED, obj=endpoint)
    return secret


@transaction.atomic
def pause_endpoint(
    *, actor: Actor, endpoint: WebhookEndpoint, version: int, reason: str
) -> WebhookEndpoint:
    """Send nothing until somebody resumes it. What happens meanwhile is not sent later."""
    values = {"status": EndpointStatus.PAUSED, "paused_reason": reason[:200]}
    _update(actor, endpoint, version, values, was=EndpointStatus.ACTIVE)
    record(actor=actor, action=events.PAUSED, obj=endpoint, reason=reason)
    return endpoint


@transaction.atomic
def resume_endpoint(*, actor: Actor, endpoint: WebhookEndpoint, version: int) -> WebhookEndpoint:
    """Tell it again of what happens from now on."""
    cursor_xid, cursor_id = _now()
    values = {
        "status": EndpointStatus.ACTIVE,
        "paused_reason": "",
        "failures": 0,
        "cursor_xid": cursor_xid,
        "cursor_id": cursor_id,
    }
    _update(actor, endpoint, version, values, was=EndpointStatus.PAUSED)
    record(actor=actor, action=events.RESUMED, obj=endpoint)
    return endpoint


@transaction.atomic
def retire_endpoint(*, actor: Actor, endpoint: WebhookEndpoint, version: int) -> None:
    """End it: address and secrets are erased, what was sent stays in the list of deliveries."""
    values = {"status": EndpointStatus.RETIRED, "address": "", "secret": "", "old_secret": ""}
    _update(actor, endpoint, version, values)
    record(actor=actor, action=events.RETIRED, obj=endpoint)


def _update(
    actor: Actor,
    endpoint: WebhookEndpoint,
    version: int,
    values: dict[str, Any],
    was: EndpointStatus | None = None,
) -> None:
    require(actor, P.WEBHOOK_MANAGE)
    rows = WebhookEndpoint.objects.filter(id=endpoint.id, version=version).exclude(
        status=EndpointStatus.RETIRED
    )
    if was is not None:
        rows = rows.filter(status=was)
    if not rows.update(**values, version=F("version") + 1):
        raise Conflict(
            "Somebody changed this webhook since you opened it.",
            code="stale_version",
            fix="Open it again and repeat your change.",
        )
    endpoint.refresh_from_db()


def _name(name: str) -> str:
    found = " ".join(name.split())
    if not found or len(found) > 120:
        raise Invalid("A webhook needs a name.", field="name", fix="Use 1 to 120 characters.")
    return found


def _actions(actions: Sequence[str]) -> list[str]:
    known = selectors.known_actions()
    for action in actions:
        if action not in known:
            raise Invalid(
                f"{action!r} is no event.",
                field="actions",
                fix="Name an event like story.approved, or a group like story.*",
            )
    return sorted(set(actions))


def _address(raw: str) -> dict[str, str]:
    """The judged address, encrypted, and its host for people. A query may hold a token: kept."""
    parts = urlsplit(raw.strip())
    try:
        target = guard.parse_base_url(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))
    except Invalid as error:
        item = error.errors[0]
        raise Invalid(item.message, field="address", fix=item.fix) from error
    url = target.url + (f"?{parts.query}" if parts.query else "")
    if len(url) > 2000:
        raise Invalid("The address is too long.", field="address", fix="Use at most 2,000 signs.")
    return {"address": crypto.encrypt(url), "host": target.host}


def _new_secret() -> str:
    return rules.SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _now() -> tuple[int, UUID]:
    """A cursor after this transaction's own events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0]), _LAST


def _shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "form": endpoint.form,
        "host": endpoint.host,
        "actions": endpoint.actions,
    }
