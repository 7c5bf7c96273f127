"""One record and all behind it: what its source said, its price, its owner, its versions."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.access.actors import Actor
from apps.attribution.models import AttributionRule
from apps.attribution.rules import Dimensions
from apps.attribution.selectors import active_rules, rule_set
from apps.common.errors import NotFound
from apps.common.money import NANOS
from apps.ledger.enums import Confidence, CostBasis
from apps.ledger.models import (
    AttributionSpan,
    DimensionSet,
    PriceSnapshot,
    UsageRecord,
    UsageRestatement,
)
from apps.ledger.models.records import EPOCH
from apps.ledger.selectors.records import Words, counts_of, every_record
from apps.ledger.selectors.state import ledger_settings

_SAID = tuple(name for name in Dimensions.__dataclass_fields__ if name != "tags")
_PER_NANO = 10**12 // NANOS
MTOK = 10**6


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens of one kind. `rate_nanos` is the list or negotiated price of a million in nanos, and
    `cost_nanos` what these tokens cost by it (unrounded sums make the record's cost); None where
    the cost was not computed here."""

    kind: str
    tokens: int
    rate_nanos: int | None
    cost_nanos: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule that matches the record today, and whether it had a say."""

    rule: AttributionRule
    used: bool


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as people read it. `stated` are codes that the caller sent with it."""

    record: UsageRecord
    dims: DimensionSet
    day: date
    span: AttributionSpan | None
    decider: str
    counted: list[Counted]
    price: PriceSnapshot | None
    asked: list[Asked]
    stated: dict[str, str]
    versions: list[UsageRestatement]
    words: Words
    user: str
    """Who used it, as far as the actor may see people."""
    tags: dict[str, str]
    named: bool
    """Whether the actor may see the people of its unit."""

    @property
    def confidence(self) -> str:
        found = self.span.confidence if self.span else Confidence.NONE
        return Confidence(found).label


def by_code(actor: Actor, code: str) -> UsageRecord:
    """The record of an address, as far as the actor may see it; withdrawn ones too. NotFound."""
    try:
        stamp, key = code.split("-", 1)
        at, record_key = EPOCH + timedelta(microseconds=int(stamp)), UUID(key)
    except (ValueError, OverflowError):
        raise _unknown() from None
    found = every_record(actor).filter(occurred_at=at, record_key=record_key).first()
    if found is None:
        raise _unknown()
    return found


def one_record(actor: Actor, code: str) -> RecordView:
    """Everything about one record. Raises Forbidden, NotFound."""
    record = by_code(actor, code)
    words = Words(actor)
    dims = words.of(record.dimset_id)
    span, sight = words.owner(record), words.sight
    unit_id = span.unit_id if span else None
    price = None
    if record.price_id is not None and record.cost_basis == CostBasis.COMPUTED:
        price = PriceSnapshot.objects.filter(id=record.price_id).first()
    day = record.occurred_at.astimezone(ZoneInfo(ledger_settings().timezone)).date()
    versions = UsageRestatement.objects.filter(
        occurred_at=record.occurred_at, record_key=record.record_key
    )
    return RecordView(
        record=record,
        dims=dims,
        day=day,
        span=span,
        decider=words.decider(record),
        counted=_counted(record, price),
        price=price,
        asked=_asked(dims, day),
        stated={
            name: value
            for name in ("story", "capability", "unit", "phase", "work_item")
            if (value := getattr(dims, name))
        },
        versions=list(versions.order_by("version")),
        words=words,
        user=sight.name(dims.user, unit_id),
        tags=sight.tags(tags_of(dims), dims.user, unit_id),
        named=sight.of(unit_id),
    )


def _counted(record: UsageRecord, price: PriceSnapshot | None) -> list[Counted]:
    """What is not zero, in the order of KINDS."""
    rates = list(price.rates) if price else []
    found = []
    for place, (kind, tokens) in enumerate(counts_of(record).as_dict().items()):
        if not tokens:
            continue
        pico = rates[place] if place < len(rates) else None
        if pico is None:
            found.append(Counted(kind, tokens, None, None))
            continue
        cost = tokens * int(pico) // (MTOK * _PER_NANO)
        found.append(Counted(kind, tokens, int(pico) // _PER_NANO, cost))
    return found


def _asked(dims: DimensionSet, day: date) -> list[Asked]:
    """The rules of today that match, in their order."""
    said = Dimensions(tags=tags_of(dims), **{name: getattr(dims, name) for name in _SAID})
    rows = {row.id: row for row in active_rules()}
    return [
        Asked(rows[rule.id], used)
        for rule, used in rule_set().explain(said, day)
        if rule.id in rows
    ]


def tags_of(dims: DimensionSet) -> dict[str, str]:
    """The tags that the source sent."""
    found: dict[str, str] = json.loads(dims.tags) if isinstance(dims.tags, str) else dims.tags
    return found


def _unknown() -> NotFound:
    return NotFound("There is no such record.", code="record_not_found")
