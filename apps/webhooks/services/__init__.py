"""What may be done with webhooks."""

from apps.webhooks.services.endpoints import (
    change_endpoint,
    create_endpoint,
    pause_endpoint,
    resume_endpoint,
    retire_endpoint,
    rotate_secret,
)
from apps.webhooks.services.reading import prune_deliveries, read_trail
from apps.webhooks.services.sending import deliver, repeat_delivery, send_test

__all__ = [
    "change_endpoint",
    "create_endpoint",
    "deliver",
    "pause_endpoint",
    "prune_deliveries",
    "read_trail",
    "repeat_delivery",
    "resume_endpoint",
    "retire_endpoint",
    "rotate_secret",
    "send_test",
]
