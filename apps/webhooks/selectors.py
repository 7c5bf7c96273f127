"""Reading endpoints and deliveries."""

from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import NotFound
from apps.trail import registry
from apps.webhooks.enums import EndpointStatus
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint


def endpoints(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """Every endpoint that is not retired. Raises Forbidden."""
    require(actor, P.WEBHOOK_VIEW)
    return WebhookEndpoint.objects.exclude(status=EndpointStatus.RETIRED).order_by("name", "id")


def endpoint_by_id(actor: Actor, endpoint_id: UUID) -> WebhookEndpoint:
    """Raises NotFound, also for a retired one."""
    found = endpoints(actor).filter(id=endpoint_id).first()
    if found is None:
        raise NotFound("There is no such webhook.", code="webhook_not_found")
    return found


def deliveries(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint_id=endpoint.id)


def delivery_by_id(actor: Actor, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Raises NotFound."""
    endpoint = endpoint_by_id(actor, endpoint_id)
    found = deliveries(endpoint).select_related("endpoint").filter(id=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery.", code="delivery_not_found")
    return found


def groups() -> list[tuple[str, list[registry.Action]]]:
    """The events one can subscribe to, by the group before the dot."""
    found: dict[str, list[registry.Action]] = {}
    for action in registry.all_actions():
        found.setdefault(action.name.split(".")[0], []).append(action)
    return sorted(found.items())


def known_actions() -> set[str]:
    """Every name that a subscription may hold: single events and whole groups."""
    found = set()
    for group, actions in groups():
        found.add(f"{group}.*")
        found.update(action.name for action in actions)
    return found
