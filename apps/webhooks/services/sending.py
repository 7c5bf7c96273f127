"""One try of one delivery, tests and repetitions."""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx
from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.common.ids import uuid7
from apps.connectors import crypto, guard
from apps.connectors.providers.http import USER_AGENT, PinnedTransport
from apps.notifications.services import notify
from apps.organizations import selectors as organizations
from apps.outbox.rules import is_dead
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import absolute_url, org_url
from apps.trail.services import record
from apps.webhooks import events, rules
from apps.webhooks.enums import DeliveryStatus, EndpointStatus, Form
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.reading import announce

TIMEOUT = httpx.Timeout(15.0, connect=5.0)


class DeliveryFailed(Exception):
    """The try failed; the outbox tries again later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended. `code` None: no answer came."""

    code: int | None
    error: str
    duration_ms: int

    @property
    def ok(self) -> bool:
        return self.code is not None and 200 <= self.code < 300


def deliver(
    organization_id: UUID,
    delivery_id: UUID,
    *,
    attempt: int = 1,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Send a waiting delivery of an active endpoint. Talks to the network outside any scope.

    Raises DeliveryFailed while another try is due.
    """
    with tenant_scope(organization_id):
        found = (
            WebhookDelivery.objects.select_related("endpoint")
            .filter(id=delivery_id, status=DeliveryStatus.WAITING)
            .first()
        )
        if found is None:
            return
        if found.endpoint.status != EndpointStatus.ACTIVE:
            _close(found, DeliveryStatus.FAILED, Answer(None, "The webhook is paused.", 0))
            return
    answer = post(found.endpoint, found, transport)
    gone = answer.code == rules.GONE
    with tenant_scope(organization_id):
        if answer.ok:
            _close(found, DeliveryStatus.SENT, answer)
            WebhookEndpoint.objects.filter(id=found.endpoint_id).update(failures=0)
        elif gone or is_dead(attempt):
            _close(found, DeliveryStatus.FAILED, answer)
            _count_failure(found.endpoint, "The address answered 410 Gone." if gone else "")
        else:
            _close(found, DeliveryStatus.WAITING, answer)
    if not answer.ok and not gone:
        raise DeliveryFailed(answer.error)


def post(
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    transport: httpx.BaseTransport | None = None,
) -> Answer:
    """One POST to the endpoint's address; nothing of the answer is kept but its status."""
    begun = time.monotonic()

    def answer(code: int | None, error: str) -> Answer:
        return Answer(code, error[:300], int((time.monotonic() - begun) * 1000))

    try:
        url = crypto.decrypt(endpoint.address)
        parts = urlsplit(url)
        bare = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        pinned = transport or PinnedTransport(guard.parse_base_url(bare))
        headers = _headers(endpoint, delivery)
        with (
            httpx.Client(
                timeout=TIMEOUT, follow_redirects=False, trust_env=False, transport=pinned
            ) as client,
            client.stream("POST", url, content=delivery.body.encode(), headers=headers) as response,
        ):
            code = response.status_code
    except crypto.CredentialUnreadable as error:
        return answer(None, error.message)
    except (guard.AddressRefused, Invalid) as error:
        return answer(None, str(error))
    except httpx.HTTPError as error:
        return answer(None, f"No answer ({type(error).__name__}).")
    return answer(code, "" if 200 <= code < 300 else f"Answered {code}.")


def _headers(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> dict[str, str]:
    headers = {"content-type": "application/json", "user-agent": USER_AGENT}
    if endpoint.form != Form.SIGNED:
        return headers
    secrets = [crypto.decrypt(endpoint.secret)]
    until = endpoint.old_secret_until
    if endpoint.old_secret and until is not None and until > clock.now():
        secrets.append(crypto.decrypt(endpoint.old_secret))
    timestamp = int(clock.now().timestamp())
    message_id = f"msg_{delivery.event_id.hex}"
    return headers | {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": rules.signatures(secrets, message_id, timestamp, delivery.body),
    }


def _close(delivery: WebhookDelivery, status: DeliveryStatus, answer: Answer) -> None:
    WebhookDelivery.objects.filter(id=delivery.id, status=DeliveryStatus.WAITING).update(
        status=status,
        attempts=F("attempts") + 1,
        status_code=answer.code,
        error=answer.error,
        duration_ms=answer.duration_ms,
        tried_at=clock.now(),
    )


def _count_failure(endpoint: WebhookEndpoint, reason: str) -> None:
    """One more failed delivery in a row; too many, or a reason, pause the endpoint."""
    row = WebhookEndpoint.objects.filter(id=endpoint.id, status=EndpointStatus.ACTIVE)
    row.update(failures=F("failures") + 1)
    failures = row.values_list("failures", flat=True).first()
    if failures is None or (not reason and failures < rules.PAUSE_AFTER):
        return
    reason = reason or f"{failures} deliveries in a row failed."
    if not row.update(status=EndpointStatus.PAUSED, paused_reason=reason, version=F("version") + 1):
        return
    endpoint.refresh_from_db()
    record(actor=system_actor("webhooks"), action=events.PAUSED, obj=endpoint, reason=reason)
    notify(
        recipients=[m.id for m in organizations.administrators()],
        kind="webhook.paused",
        key=f"webhook:{endpoint.id}:{endpoint.version}",
        title=f"The webhook {endpoint.name} is paused",
        body=f"{reason} What happens until somebody resumes it is not sent.",
        path=org_url(organizations.organization().slug, "webhooks:detail", endpoint.id),
    )


@transaction.atomic
def send_test(*, actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send one event that says who tries the endpoint. Raises Conflict when it is paused."""
    require(actor, P.WEBHOOK_MANAGE)
    if endpoint.status != EndpointStatus.ACTIVE:
        raise Conflict("The webhook is paused.", code="webhook_paused", fix="Resume it first.")
    slug = organizations.organization().slug
    event_id = uuid7()
    event = rules.Event(
        id=str(event_id),
        action=events.TEST,
        at=clock.now().isoformat(),
        organization=slug,
        actor_kind=actor.kind,
        actor_id=str(actor.id) if actor.id else None,
        actor_name=actor.name,
        words="A test from TokenOps",
        object_type="webhook",
        object_id=str(endpoint.id),
        label=endpoint.name,
        url=absolute_url(org_url(slug, "webhooks:detail", endpoint.id)),
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id=event_id,
        action=events.TEST,
        label=endpoint.name,
        body=rules.BODIES[endpoint.form](event),
    )
    announce(delivery)
    return delivery


@transaction.atomic
def repeat_delivery(*, actor: Actor, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send a delivery that was sent or failed once more, with the same id and body."""
    require(actor, P.WEBHOOK_MANAGE)
    if delivery.endpoint.status != EndpointStatus.ACTIVE:
        raise Conflict("The webhook is paused.", code="webhook_paused", fix="Resume it first.")
    moved = (
        WebhookDelivery.objects.filter(id=delivery.id)
        .exclude(status=DeliveryStatus.WAITING)
        .update(status=DeliveryStatus.WAITING, error="")
    )
    if not moved:
        raise Conflict("It is waiting to be sent already.", code="delivery_waiting")
    announce(delivery)
    record(
        actor=actor,
        action=events.REPEATED,
        obj=delivery.endpoint,
        after={"event": str(delivery.event_id), "action": delivery.action},
    )
    delivery.refresh_from_db()
    return delivery
