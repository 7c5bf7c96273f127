"""Lists of records and restatements that an actor may see, with the words behind their ids."""

from collections.abc import Collection, Iterable
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.attribution.selectors import rule_names
from apps.common.periods import instants
from apps.common.tokens import KINDS, TokenCounts
from apps.ledger.enums import Confidence, CostStatus
from apps.ledger.models import (
    AttributionSpan,
    DimensionSet,
    UsageRecord,
    UsageRestatement,
)
from apps.ledger.query.labels import names_of
from apps.ledger.query.persons import Sight
from apps.ledger.query.types import AXES
from apps.ledger.selectors.state import ledger_settings


def records(actor: Actor) -> QuerySet[UsageRecord]:
    """Current versions of the records an actor may see; withdrawn ones are left out."""
    return every_record(actor).exclude(cost_status=CostStatus.WITHDRAWN)


def every_record(actor: Actor) -> QuerySet[UsageRecord]:
    """The same with the withdrawn ones."""
    return _within_units(UsageRecord.objects.all(), actor, "dimset_id")


def restatements(actor: Actor) -> QuerySet[UsageRestatement]:
    """Superseded versions of the records an actor may see, of either attribution."""
    return _within_units(UsageRestatement.objects.all(), actor, "new_dimset_id")


def _within_units(found: QuerySet, actor: Actor, field: str) -> QuerySet:
    """Only usage that belongs to the actor's units on its day."""
    units = visible_unit_ids(actor, P.USAGE_VIEW)
    if units is None:
        return found
    zone = ZoneInfo(ledger_settings().timezone)
    found = found.annotate(ledger_day=TruncDate("occurred_at", tzinfo=zone))
    spans = AttributionSpan.objects.filter(
        dimset_id=OuterRef(field),
        unit_id__in=units,
        valid_from__lte=OuterRef("ledger_day"),
        valid_to__gt=OuterRef("ledger_day"),
    )
    return found.filter(Exists(spans))


def of_set(found: QuerySet, **words: str) -> QuerySet:
    """Records whose dimension set has these words (model_name, provider_name, api_key_id ...)."""
    wanted = DimensionSet.objects.filter(**words).values("id")
    return found.filter(dimset_id__in=wanted)


def of_named(found: QuerySet, column: str, value: str) -> QuerySet:
    """Records of a key or project by its id, or by its name where it has no id."""
    named = Q(**{f"{column}_id": value}) | Q(**{f"{column}_id": "", column: value})
    return found.filter(dimset_id__in=DimensionSet.objects.filter(named).values("id"))


def of_owner(found: QuerySet, column: str, value: object) -> QuerySet:
    """Records whose set belongs, now or at some time, to a unit, capability or story."""
    spans = AttributionSpan.objects.filter(**{column: value}).values("dimset_id")
    return found.filter(dimset_id__in=spans)


def of_days(found: QuerySet, start: object, end: object) -> QuerySet:
    """Records of the ledger's days [start, end); either may be None."""
    zone = ledger_settings().timezone
    if start is not None:
        found = found.filter(occurred_at__gte=instants(start, start, zone)[0])  # type: ignore[arg-type]
    if end is not None:
        found = found.filter(occurred_at__lt=instants(end, end, zone)[0])  # type: ignore[arg-type]
    return found


class Words:
    """The dimension sets and owners behind rows, read a page at a time and remembered."""

    def __init__(self, actor: Actor) -> None:
        self.sight = Sight(actor)
        self._sets: dict[int, DimensionSet] = {}
        self._spans: dict[int, list[AttributionSpan]] = {}
        self._names: dict[tuple[str, UUID], str] = {}
        self._rules: dict[UUID, str] = {}

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(ledger_settings().timezone)

    def load(self, ids: Iterable[int]) -> None:
        """Read the sets of a page in one go."""
        missing = set(ids) - self._sets.keys()
        if not missing:
            return
        self._sets |= {row.id: row for row in DimensionSet.objects.filter(id__in=missing)}
        for span in AttributionSpan.objects.filter(dimset_id__in=missing).order_by("valid_from"):
            self._spans.setdefault(span.dimset_id, []).append(span)
        for axis in ("unit", "capability"):
            self._name(
                axis, {getattr(s, f"{axis}_id") for i in missing for s in self._spans.get(i, ())}
            )

    def of(self, dimset_id: int) -> DimensionSet:
        self.load([dimset_id])
        return self._sets[dimset_id]

    def owner(self, record: UsageRecord) -> AttributionSpan | None:
        """The span of the record's day."""
        self.load([record.dimset_id])
        day = record.occurred_at.astimezone(self._zone).date()
        spans = self._spans.get(record.dimset_id, [])
        return next((s for s in spans if s.valid_from <= day < s.valid_to), None)

    def user(self, record: UsageRecord) -> str:
        """Who used it, as far as the actor may see people."""
        span = self.owner(record)
        return self.sight.name(self.of(record.dimset_id).user, span.unit_id if span else None)

    def decider(self, record: UsageRecord) -> str:
        """What gave the record its owner: a rule's name, the caller, or nobody."""
        span = self.owner(record)
        if span is None or span.confidence == Confidence.NONE:
            return ""
        if span.rule_id is None:
            return Confidence(span.confidence).label
        if span.rule_id not in self._rules:
            self._rules |= rule_names(
                {s.rule_id for m in self._spans.values() for s in m if s.rule_id}
            )
        return self._rules.get(span.rule_id, Confidence(span.confidence).label)

    def name(self, axis: str, key: UUID | None) -> str:
        """The name of a unit, capability, story or source; empty for none."""
        if key is None:
            return ""
        if (axis, key) not in self._names:
            self._name(axis, {key})
        return self._names[axis, key]

    def _name(self, axis: str, keys: Collection[UUID | None]) -> None:
        found = names_of(AXES[axis], [key for key in keys if key is not None])
        self._names |= {(axis, key): label for key, (_, label) in found.items()}


def counts_of(record: UsageRecord) -> TokenCounts:
    """Tokens of a record by kind."""
    return TokenCounts(*(getattr(record, kind) or 0 for kind in KINDS))
