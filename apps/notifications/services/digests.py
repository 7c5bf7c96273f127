"""The daily digest: made once a day and person, sent after the commit."""

from datetime import datetime
from zoneinfo import ZoneInfo

from apps.common import clock
from apps.notifications import selectors
from apps.notifications.models import Digest
from apps.organizations.selectors import organization
from apps.outbox.services import enqueue

DIGEST = "notification.digest"
_SATURDAY = 5


def start_digests(now: datetime | None = None) -> int:
    """Start the digests whose hour has come in the organization's time zone; their number.

    Safe to repeat: a person has one digest a day.
    """
    local = (now or clock.now()).astimezone(ZoneInfo(organization().timezone))
    due = [
        person.membership_id
        for person in selectors.people_with_digest()
        if local.hour >= person.hour and (person.weekends or local.weekday() < _SATURDAY)
    ]
    done = set(
        Digest.objects.filter(day=local.date(), membership_id__in=due).values_list(
            "membership_id", flat=True
        )
    )
    rows = Digest.objects.bulk_create(
        [Digest(membership_id=m, day=local.date()) for m in due if m not in done]
    )
    for row in rows:
        enqueue(DIGEST, key=f"digest:{row.id}", payload={"digest_id": str(row.id)})
    return len(rows)
