"""Price-change events: dated list prices and negotiated rates, as one list and as chart marks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from django.db.models import Q

from apps.common import clock, fmt
from apps.common.memo import reading
from apps.pricing.enums import KIND_LABELS, TierLabel
from apps.pricing.models import NegotiatedRate
from apps.pricing.selectors import price_book_version, price_changes
from apps.tenancy.scope import require_organization_id

LIST, NEGOTIATED = "list", "negotiated"
ORIGINS = {LIST: "List price", NEGOTIATED: "Negotiated rate"}
MAX_MARKS = 4
"""More labels than these cover a chart."""


@dataclass(frozen=True, slots=True)
class PriceEvent:
    """Something that changes what a token costs from `on` (a UTC day) on.

    A list price says what it was and what it becomes; a negotiated rate begins or ends, which
    `kind` says. `model` is empty for a rate of a whole provider.
    """

    on: date
    origin: str
    provider: str
    model: str
    tier: str
    kind: str
    before: Decimal | None = None
    after: Decimal | None = None
    provider_name: str = ""
    model_id: UUID | None = None
    rate_id: UUID | None = None

    @property
    def share(self) -> Decimal | None:
        """Relative change of a list price; None from a price of zero and for rates."""
        if self.after is None or not self.before:
            return None
        return (self.after - self.before) / self.before

    @property
    def label(self) -> str:
        """A few words for a chart: gpt-5 output −20%."""
        what = self.model or self.provider
        if self.origin == NEGOTIATED:
            return f"{what}: {self.kind.lower()}"
        change = "priced" if self.share is None else fmt.delta(self.share, 0)
        return f"{what} {self.kind.lower()} {change}"


def price_events(since: date | None = None, until: date | None = None) -> list[PriceEvent]:
    """Events in [since, until), newest first; by default from a year back to 60 days ahead."""
    since = since or clock.today() - timedelta(days=365)
    until = until or clock.today() + timedelta(days=60)
    if not reading():
        return _events(since, until)
    return list(_kept_events(require_organization_id(), price_book_version(), since, until))


@lru_cache(maxsize=256)
def _kept_events(
    organization_id: UUID, version: str, since: date, until: date
) -> tuple[PriceEvent, ...]:
    """Kept per process: they change with the version of the price book only. A request that writes
    reads them itself: what it wrote may be undone."""
    return tuple(_events(since, until))


def _events(since: date, until: date) -> list[PriceEvent]:
    events = [
        PriceEvent(
            on=change.on,
            origin=LIST,
            provider=change.model.provider.key,
            provider_name=change.model.provider.name,
            model=change.model.key,
            tier=TierLabel(change.tier).label,
            kind=KIND_LABELS[change.kind],
            before=change.before,
            after=change.after,
            model_id=change.model.id,
        )
        for change in price_changes(since, until)
    ]
    events += _rates(since, until)
    return sorted(events, key=lambda e: (-e.on.toordinal(), e.provider, e.model, e.tier, e.kind))


def _rates(since: date, until: date) -> Iterable[PriceEvent]:
    inside = Q(starts_on__gte=since, starts_on__lt=until) | Q(ends_on__gte=since, ends_on__lt=until)
    for rate in NegotiatedRate.objects.filter(inside):
        for on, kind in ((rate.starts_on, "Rate begins"), (rate.ends_on, "Rate ends")):
            if on is not None and since <= on < until:
                yield PriceEvent(
                    on=on,
                    origin=NEGOTIATED,
                    provider=rate.provider,
                    provider_name=rate.provider,
                    model=rate.model,
                    tier=TierLabel(rate.tier).label if rate.tier else "All",
                    kind=kind,
                    rate_id=rate.id,
                )


def marks(
    start: date, end: date, models: Collection[str], providers: Collection[str]
) -> list[PriceEvent]:
    """One event per day for a chart of [start, end): those of models in use, or of a provider in
    use; the largest change of a day speaks for it, and the largest days are kept."""
    found: dict[date, PriceEvent] = {}
    for event in price_events(start, end):
        if event.model in models or (not event.model and event.provider in providers):
            known = found.get(event.on)
            if known is None or weight(event) > weight(known):
                found[event.on] = event
    kept = sorted(found.values(), key=weight, reverse=True)[:MAX_MARKS]
    return sorted(kept, key=lambda event: event.on)


def weight(event: PriceEvent) -> tuple[Decimal, str]:
    """A rate is the organization's own doing: it comes first."""
    size = Decimal(10) if event.origin == NEGOTIATED else abs(event.share or Decimal(1))
    return size, event.label
