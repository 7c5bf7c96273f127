"""Reads of sources, runs and provider bills, inside the open scope."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import NotFound
from apps.connectors import rules
from apps.connectors.enums import EntryKind, Health, RunStatus, SourceStatus
from apps.connectors.models import DirectoryEntry, ProviderCost, PullRun, Source
from apps.connectors.providers.base import Names


def sources(actor: Actor) -> QuerySet[Source]:
    """All sources. Raises Forbidden without the permission to see them."""
    require(actor, P.SOURCE_VIEW)
    return Source.objects.all()


def source_by_id(actor: Actor, source_id: UUID) -> Source:
    """Raises NotFound for a source of another organization as for none at all."""
    found = sources(actor).filter(id=source_id).first()
    if found is None:
        raise NotFound("There is no such source.", code="source_not_found")
    return found


def runs(actor: Actor, source_id: UUID | None = None) -> QuerySet[PullRun]:
    """Runs of one source or of all, with their source."""
    require(actor, P.SOURCE_VIEW)
    found = PullRun.objects.select_related("source")
    return found if source_id is None else found.filter(source_id=source_id)


def run_by_id(actor: Actor, run_id: UUID) -> PullRun:
    """Raises NotFound for a run of another organization as for none at all."""
    found = runs(actor).filter(id=run_id).first()
    if found is None:
        raise NotFound("There is no such run.", code="run_not_found")
    return found


def running(source_id: UUID) -> PullRun | None:
    return PullRun.objects.filter(source_id=source_id, status=RunStatus.RUNNING).first()


def due_sources(now: datetime) -> list[UUID]:
    """Active sources whose time has come and that no living run holds."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Source.objects.filter(free, status=SourceStatus.ACTIVE, next_pull_at__lte=now)
    return list(due.order_by("next_pull_at").values_list("id", flat=True))


def health_of(source: Source) -> Health:
    return rules.health(
        status=source.status,
        pulled=source.is_pulled,
        cursor=source.cursor,
        failures=source.failures,
        schedule_minutes=source.schedule_minutes,
        settled_through=source.settled_through,
        now=clock.now(),
    )


def progress_of(source: Source) -> float:
    """Share of the wanted history that has been read, 0 to 1."""
    return rules.progress(source.history_from, source.cursor, clock.now())


def names_of(source_id: UUID) -> Names:
    """Display names of a source's projects and keys as last seen."""
    found = Names()
    rows = DirectoryEntry.objects.filter(source_id=source_id)
    for kind, external_id, name in rows.values_list("kind", "external_id", "name"):
        table = found.projects if kind == EntryKind.PROJECT else found.keys
        table[external_id] = name
    return found


def directory(source_id: UUID) -> QuerySet[DirectoryEntry]:
    return DirectoryEntry.objects.filter(source_id=source_id)


def costs(actor: Actor, source_id: UUID) -> QuerySet[ProviderCost]:
    """Lines of a provider's bill, with the project's name (its id where nobody named it)."""
    require(actor, P.SOURCE_VIEW)
    named = DirectoryEntry.objects.filter(
        source_id=source_id, kind=EntryKind.PROJECT, external_id=OuterRef("project_id")
    )
    return ProviderCost.objects.filter(source_id=source_id).annotate(
        project_name=Coalesce(Subquery(named.values("name")[:1]), "project_id")
    )


def line_items(source_id: UUID) -> list[str]:
    """The distinct line items of a provider's bill, by name."""
    rows = ProviderCost.objects.filter(source_id=source_id).order_by("line_item")
    return list(rows.values_list("line_item", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class BilledDay:
    """What a provider says a UTC day costs, in nanos."""

    source_id: UUID
    day: date
    currency: str
    amount_nanos: int


def billed_days(start: date, end: date, source_id: UUID | None = None) -> list[BilledDay]:
    """The providers' own figures per source and UTC day in [start, end): for comparison only."""
    rows = ProviderCost.objects.filter(day__gte=start, day__lt=end)
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    grouped = rows.values("source_id", "day", "currency").annotate(amount=Sum("amount_nanos"))
    return [
        BilledDay(row["source_id"], row["day"], row["currency"], row["amount"])
        for row in grouped.order_by("day")
    ]
