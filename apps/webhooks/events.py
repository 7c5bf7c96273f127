"""What webhooks write in the trail, and the outbox topic of a delivery."""

from apps.trail.registry import register

ADDED = register("webhook.added", "Webhook added")
CHANGED = register("webhook.changed", "Webhook changed")
ROTATED = register("webhook.secret_rotated", "Webhook secret rotated")
PAUSED = register("webhook.paused", "Webhook paused")
RESUMED = register("webhook.resumed", "Webhook resumed")
RETIRED = register("webhook.retired", "Webhook retired")
REPEATED = register("webhook.delivery_repeated", "Webhook delivery repeated")

TOPIC_DELIVER = "webhook.deliver"
"""Outbox: a delivery is due. Payload: delivery_id."""

TEST = "webhook.test"
"""The event that a person sends to try an endpoint; it is in no trail."""
