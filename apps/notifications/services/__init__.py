"""What may be done with notifications."""

from apps.notifications.services.digests import DIGEST, start_digests
from apps.notifications.services.preferences import choose
from apps.notifications.services.telling import EMAIL, mark_all_read, mark_read, notify

__all__ = [
    "DIGEST",
    "EMAIL",
    "choose",
    "mark_all_read",
    "mark_read",
    "notify",
    "start_digests",
]
