"""Reads of what was pushed, inside the open scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.connectors.push.models import PushTally
from apps.connectors.push.rules.calls import REFUSALS, Dialect, Reason, Signal

MAX_DAYS = 400
COUNTED, REPEATED = "counted", "repeated"
TOLD_TWICE = frozenset({REPEATED, Reason.SUPERSEDED, Reason.AGGREGATE, Reason.WITHDRAWN,
                        Reason.OLDER_POINT})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Received:
    """What of one client came by one signal with one outcome. `kind`: counted, twice, refused
    or ignored."""

    dialect: Dialect
    signal: Signal
    outcome: str
    kind: str
    items: int
    tokens: int
    last_at: datetime


def received(actor: Actor, days: int) -> list[Received]:
    """What was pushed on the last `days` UTC days (1 to 400), the largest first."""
    require(actor, P.SOURCE_VIEW)
    first = clock.now().date() - timedelta(days=min(max(days, 1), MAX_DAYS) - 1)
    rows = (
        PushTally.objects.filter(day__gte=first)
        .values("dialect", "signal", "outcome")
        .annotate(total=Sum("items"), token_sum=Sum("tokens"), last=Max("last_at"))
        .order_by("-total", "dialect", "signal", "outcome")
    )
    return [
        Received(
            Dialect(row["dialect"]),
            Signal(row["signal"]),
            row["outcome"],
            kind_of(row["outcome"]),
            row["total"],
            row["token_sum"],
            row["last"],
        )
        for row in rows
    ]


def kind_of(outcome: str) -> str:
    """Which of the four kinds an outcome is."""
    if outcome == COUNTED:
        return "counted"
    if outcome in TOLD_TWICE:
        return "twice"
    return "refused" if outcome in {str(reason) for reason in REFUSALS} else "ignored"
