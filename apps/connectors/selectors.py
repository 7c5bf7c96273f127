"""Reads of sources, runs and provider bills, inside the open scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import NotFound
from apps.common.tokens import KINDS, TokenCounts
from apps.connectors import rules
from apps.connectors.enums import EntryKind, Health, RunStatus, SourceKind, SourceStatus
from apps.connectors.models import (
    ComparisonUsage,
    DirectoryEntry,
    ProviderCost,
    PullRun,
    RoleChange,
    SchemaAlarm,
    Source,
    UnitUsage,
)
from apps.connectors.providers.base import Names
from apps.connectors.providers.claude_code_rules import SUBSCRIPTION
from apps.connectors.providers.copilot_rules import ACTIVITY
from apps.connectors.providers.registry import cadence_of
from apps.ledger.enums import Axis
from apps.ledger.models import RollupAxis, SourceCoverage
from apps.ledger.query.persons import Sight


def sources(actor: Actor) -> QuerySet[Source]:
    """All sources. Raises Forbidden without the permission to see them."""
    require(actor, P.SOURCE_VIEW)
    return Source.objects.all()


def sources_with_counts(actor: Actor) -> QuerySet[Source]:
    """All sources with `rows_new`, records read so far, `open_alarms`, and what those that are
    handed in brought: `counted` records, the last at `received_at`."""
    counted = (
        RollupAxis.objects.filter(axis=Axis.SOURCE, key=OuterRef("id")).order_by().values("key")
    )
    covered = SourceCoverage.objects.filter(source_id=OuterRef("id"))
    read = PullRun.objects.filter(source_id=OuterRef("id")).order_by().values("source_id")
    open_ones = SchemaAlarm.objects.filter(
        source_id=OuterRef("id"), acknowledged_at__isnull=True
    ).order_by().values("source_id")  # fmt: skip
    return sources(actor).annotate(
        rows_new=Subquery(read.annotate(n=Sum("rows_new")).values("n")),
        open_alarms=Coalesce(Subquery(open_ones.annotate(n=Count("id")).values("n")), 0),
        counted=Subquery(counted.annotate(n=Sum("records")).values("n")),
        received_at=Subquery(covered.values("data_as_of")),
    )


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


def is_of_files(source: Source) -> bool:
    """Whether a source reads files instead of a provider's API."""
    return source.kind == SourceKind.FILES


def health_of(source: Source) -> Health:
    of_files = is_of_files(source)
    return rules.health(
        status=source.status,
        pulled=source.is_pulled,
        cursor=source.last_success_at if of_files else source.cursor,
        failures=source.failures,
        schedule_minutes=source.schedule_minutes,
        settled_through=None if of_files else source.settled_through,
        now=clock.now(),
        cadence=cadence_of(source.kind, source.role),
    )


def progress_of(source: Source) -> float:
    """Share of the wanted history that has been read, 0 to 1."""
    cadence = cadence_of(source.kind, source.role)
    return rules.progress(source.history_from, source.cursor, clock.now(), cadence)


def names_of(source_id: UUID) -> Names:
    """Display names of a source's projects and keys as last seen."""
    found = Names()
    rows = DirectoryEntry.objects.filter(source_id=source_id)
    for kind, external_id, name in rows.values_list("kind", "external_id", "name"):
        found.add(kind, external_id, name)
    return found


def directory(actor: Actor, source_id: UUID) -> QuerySet[DirectoryEntry]:
    """Projects, keys and people as a source's provider names them; people only for those who may
    see people."""
    require(actor, P.SOURCE_VIEW)
    found = DirectoryEntry.objects.filter(source_id=source_id)
    return found if Sight(actor).everybody else found.exclude(kind=EntryKind.USER)


def costs(actor: Actor, source_id: UUID) -> QuerySet[ProviderCost]:
    """Lines of a provider's bill, with the project's name (its id where nobody named it)."""
    require(actor, P.SOURCE_VIEW)
    return ProviderCost.objects.filter(source_id=source_id).annotate(
        project_name=_named(EntryKind.PROJECT, source_id, "project_id")
    )


def _named(kind: EntryKind, source_id: UUID, field: str) -> Coalesce:
    """The directory's name of an id, or the id."""
    entry = DirectoryEntry.objects.filter(
        source_id=source_id, kind=kind, external_id=OuterRef(field)
    )
    return Coalesce(Subquery(entry.values("name")[:1]), field)


def open_alarms(source_id: UUID) -> int:
    """How many changes of a source's answers nobody has acknowledged."""
    return SchemaAlarm.objects.filter(source_id=source_id, acknowledged_at__isnull=True).count()


def units(actor: Actor, source_id: UUID) -> QuerySet[UnitUsage]:
    """Usage of a source that is not tokens, with the names of projects and keys."""
    require(actor, P.SOURCE_VIEW)
    return UnitUsage.objects.filter(source_id=source_id).annotate(
        project_name=_named(EntryKind.PROJECT, source_id, "project_id"),
        key_name=_named(EntryKind.API_KEY, source_id, "api_key_id"),
    )


def unit_detail(sight: Sight, row: UnitUsage) -> str:
    """What splits a line further. Activity is told by person: another word for those who may not
    see people."""
    return sight.name(row.detail, None) if row.what in ACTIVITY else row.detail


def role_changes(actor: Actor, source_id: UUID) -> QuerySet[RoleChange]:
    """Decisions about what a handed-in source's usage is, the newest first."""
    require(actor, P.SOURCE_VIEW)
    return RoleChange.objects.filter(source_id=source_id).order_by("-created_at", "-id")


def compared(actor: Actor, source_id: UUID) -> QuerySet[ComparisonUsage]:
    """What a source counted for comparison only."""
    require(actor, P.SOURCE_VIEW)
    return ComparisonUsage.objects.filter(source_id=source_id)


def compared_models(source_id: UUID) -> list[str]:
    """The models that a comparison-only source saw, by name."""
    rows = ComparisonUsage.objects.filter(source_id=source_id).order_by("model")
    return list(rows.values_list("model", flat=True).distinct())


def own_cost(source: Source, days: int = 30) -> int | None:
    """What a comparison-only source says the last days cost, in nanos; None: it says nothing."""
    first = clock.today() - timedelta(days=days)
    rows = ComparisonUsage.objects.filter(source_id=source.id, day__gte=first)
    return rows.aggregate(cost=Sum("cost_nanos"))["cost"]


@dataclass(frozen=True, slots=True)
class Compared:
    """All that a source counted for comparison: tokens, days, and cost where it says one."""

    tokens: int
    days: int
    cost_nanos: int | None


def compared_total(source_id: UUID) -> Compared:
    """The sum of a source's comparison usage."""
    found = ComparisonUsage.objects.filter(source_id=source_id).aggregate(
        days=Count("day", distinct=True),
        cost=Sum("cost_nanos"),
        **{f"sum_{kind}": Coalesce(Sum(kind), 0) for kind in KINDS},
    )
    tokens = sum(found[f"sum_{kind}"] for kind in KINDS)
    return Compared(int(tokens), found["days"], found["cost"])


def unit_kinds(source_id: UUID) -> list[str]:
    """The kinds of usage besides tokens that a source counted."""
    rows = UnitUsage.objects.filter(source_id=source_id).order_by("what")
    return list(rows.values_list("what", flat=True).distinct())


def alarms(actor: Actor, source_id: UUID, *, open_only: bool = False) -> QuerySet[SchemaAlarm]:
    """Where a source's answers differ from their documented shape; the open ones first."""
    require(actor, P.SOURCE_VIEW)
    found = SchemaAlarm.objects.filter(source_id=source_id)
    if open_only:
        found = found.filter(acknowledged_at__isnull=True)
    return found.order_by(F("acknowledged_at").asc(nulls_first=True), "-first_seen", "field")


def line_items(source_id: UUID) -> list[str]:
    """The distinct line items of a provider's bill, by name."""
    rows = ProviderCost.objects.filter(source_id=source_id).order_by("line_item")
    return list(rows.values_list("line_item", flat=True).distinct())


COMPARISON_DIMENSIONS = (
    "source_id",
    "day",
    "provider",
    "account",
    "project_id",
    "api_key_id",
    "user",
    "model",
    "service_tier",
)
_COMPARED_BY = ("source_id", "day", "provider", "account", "model", "api_key_id")


@dataclass(frozen=True, slots=True)
class ComparisonDay:
    """What a comparison-only source counted, grouped; a dimension not grouped by is None.

    `project` and `api_key` name the group's project and key where it is grouped by their ids.
    `requests` is None where no row says it. `cost_nanos` sums the rows whose cost is known, and
    `without_cost` counts the others.
    """

    counts: TokenCounts
    requests: int | None
    cost_nanos: int
    without_cost: int
    currency: str
    source_id: UUID | None = None
    day: date | None = None
    provider: str | None = None
    account: str | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    user: str | None = None
    model: str | None = None
    service_tier: str | None = None
    project: str = ""
    api_key: str = ""


def comparison_days(
    start: date,
    end: date,
    *,
    source_id: UUID | None = None,
    by: Sequence[str] = _COMPARED_BY,
    metered: bool = False,
) -> list[ComparisonDay]:
    """Usage of comparison-only sources on the UTC days [start, end), summed `by` dimensions.

    `metered` leaves out what belongs to subscriptions: no channel of record sees it.

    `by` names some of COMPARISON_DIMENSIONS; currencies are never mixed. Raises ValueError for
    another name. Never add this to the ledger: it is the same usage seen elsewhere.
    """
    if unknown := sorted(set(by) - set(COMPARISON_DIMENSIONS)):
        raise ValueError(f"not a dimension of comparison usage: {', '.join(unknown)}")
    rows = ComparisonUsage.objects.filter(day__gte=start, day__lt=end)
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    if metered:
        rows = rows.exclude(source__kind=SourceKind.CLAUDE_CODE, service_tier=SUBSCRIPTION)
    labels = {"project": "project_id", "api_key": "api_key_id"}
    sums = {f"sum_{kind}": Sum(kind) for kind in KINDS}
    named = {f"one_{label}": Max(label) for label, dimension in labels.items() if dimension in by}
    grouped = rows.values("currency", *by).annotate(
        all_requests=Sum("requests"),
        cost=Coalesce(Sum("cost_nanos"), 0),
        unknown=Count("id") - Count("cost_nanos"),
        **sums,
        **named,
    )
    return [
        ComparisonDay(
            counts=TokenCounts(*(row[f"sum_{kind}"] for kind in KINDS)),
            requests=row["all_requests"],
            cost_nanos=row["cost"],
            without_cost=row["unknown"],
            currency=row["currency"],
            **{name: row[name] for name in by},
            **{label: row[f"one_{label}"] for label in labels if f"one_{label}" in row},
        )
        for row in grouped.order_by(*by, "currency")
    ]
