"""Plans, and the people on them: stated by people, imported, or listed by a source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid, NotFound
from apps.connectors.models import ComparisonUsage, Source
from apps.connectors.providers.base import SeatLine
from apps.connectors.seats import events, rules
from apps.connectors.seats.models import Seat, SeatPlan, SeatPrice
from apps.ledger.query import Query, run
from apps.ledger.schema import UsageIn
from apps.organizations.selectors import organization
from apps.trail.services import record


@dataclass(frozen=True, slots=True)
class Changed:
    """What a list of seats changed."""

    added: int = 0
    ended: int = 0
    updated: int = 0

    @property
    def any(self) -> bool:
        return bool(self.added or self.ended)


ALWAYS = date(2000, 1, 1)
"""The first price of a plan counts for every month before it was stated, too."""


@transaction.atomic
def save_plan(
    *,
    actor: Actor,
    name: str,
    price_nanos: int | None,
    included: str = "",
    plan_id: UUID | None = None,
    version: int = 0,
    price_from: date | None = None,
    source_id: UUID | Literal["keep"] | None = "keep",
) -> SeatPlan:
    """A new plan, or a change of one as it was read. Raises Invalid, Conflict, NotFound.

    A changed price counts from the month of `price_from` on (default: this month): what earlier
    months cost stays. The first price a plan gets counts for all of them. `source_id` is the source
    that tells the plan's tokens, None for none.
    """
    require(actor, P.SOURCE_MANAGE)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise Invalid("A plan has a name.", field="name", fix="Use 1 to 120 characters.")
    if price_nanos is not None and price_nanos < 0:
        raise Invalid("A price is not negative.", field="price", fix="Enter 0 or more.")
    taken = SeatPlan.objects.filter(name_norm=name.casefold()).first()
    if taken is not None and taken.id != plan_id:
        raise Invalid("Another plan is called so.", field="name", fix="Choose another name.")
    values: dict[str, Any] = {
        "name": name,
        "name_norm": name.casefold(),
        "price_nanos": price_nanos,
        "included": included[:200],
    }
    if source_id != "keep":
        values["source_id"] = _source_id(source_id)
    if plan_id is None:
        plan = SeatPlan.objects.create(currency=organization().currency, **values)
        SeatPrice.objects.create(plan=plan, since=ALWAYS, price_nanos=price_nanos)
        record(actor=actor, action=events.PLAN_ADDED, obj=plan, after=_shown(plan))
        return plan
    found = SeatPlan.objects.filter(id=plan_id).first()
    if found is None:
        raise NotFound("There is no such plan.", code="seat_plan_not_found")
    before = _shown(found)
    if not SeatPlan.objects.filter(id=plan_id, version=version).update(
        **values, version=F("version") + 1
    ):
        raise Conflict("Somebody changed this plan since you opened it.", code="stale_version")
    since = None
    if price_nanos != found.price_nanos:
        since = _reprice(found, price_nanos, price_from)
    linked = found.source_id
    found.refresh_from_db()
    if found.source_id != linked:
        _look_back(found)
    after = _shown(found) | ({"price_from": since.isoformat()} if since else {})
    record(actor=actor, action=events.PLAN_CHANGED, obj=found, before=before, after=after)
    return found


def _reprice(plan: SeatPlan, price_nanos: int | None, price_from: date | None) -> date:
    """Keep a price from a month on, in place of what was stated for that month and later."""
    today = clock.today(organization().timezone)
    since = (price_from or today).replace(day=1)
    if since > today:
        raise Invalid(
            "A price begins this month or earlier.",
            field="price_from",
            fix="State the new price when its month has come.",
        )
    known = plan.prices.exclude(price_nanos=None)
    if not known.filter(since__lt=since).exists():
        since = ALWAYS
    plan.prices.filter(since__gte=since).delete()
    SeatPrice.objects.create(plan=plan, since=since, price_nanos=price_nanos)
    return since


def _source_id(source_id: UUID | str | None) -> UUID | None:
    """Raises Invalid for a source of another organization as for none at all."""
    if source_id is None:
        return None
    found = Source.objects.filter(id=source_id).values_list("id", flat=True).first()
    if found is None:
        raise Invalid("There is no such source.", field="source", fix="Choose one of the list.")
    return found


def _shown(plan: SeatPlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "price_nanos": plan.price_nanos,
        "included": plan.included,
        "source": str(plan.source_id) if plan.source_id else None,
    }


@transaction.atomic
def import_seats(*, actor: Actor, text: str) -> Changed:
    """Take a list of seats (CSV). All or nothing: raises Invalid naming each refused row.

    People who are not in the file keep what they have; a row with `ended` ends a seat.
    """
    require(actor, P.SOURCE_MANAGE)
    rows, errors = rules.read_rows(text)
    if errors:
        raise Invalid("Some rows cannot be taken.", errors=errors[:20])
    done = Changed()
    for name in sorted({row.plan for row in rows}):
        plan = _plan(name, None)
        lines = [row for row in rows if row.plan == name]
        changed = _apply(plan, lines)
        _look_back(plan)
        done = _sum(done, changed)
        if changed.any:
            _tell(actor, plan, changed)
    return done


@transaction.atomic
def sync_seats(*, source: Source, lines: Iterable[SeatLine]) -> Changed:
    """State a source's present seats: who is gone loses theirs today. In the open scope."""
    today = clock.today(organization().timezone)
    by_plan: dict[str, dict[str, SeatLine]] = {}
    for line in lines:
        by_plan.setdefault(line.plan[:120], {})[line.person[:200]] = line
    known = {plan.name for plan in SeatPlan.objects.filter(source=source)}
    done = Changed()
    for name in sorted(by_plan.keys() | known):
        plan = _plan(name, source)
        present = by_plan.get(name, {})
        rows = [
            rules.Row(person, name, line.name, line.team, line.since, line.ends)
            for person, line in present.items()
        ]
        changed = _apply(plan, rows)
        gone = plan.seats.filter(ended__isnull=True).exclude(person__in=list(present))
        ended = gone.update(ended=today)
        _seen(plan, {p: line.last_active for p, line in present.items() if line.last_active})
        changed = _sum(changed, Changed(ended=ended))
        done = _sum(done, changed)
        if changed.any:
            _tell(system_actor("seats.sync"), plan, changed)
    return done


def note_activity(*, source: Source, usages: Iterable[UsageIn]) -> None:
    """People whose use a source just told are not idle. In the open scope; repeats do nothing."""
    plans = list(SeatPlan.objects.filter(source=source))
    if not plans:
        return
    days: dict[str, date] = {}
    for usage in usages:
        if usage.user:
            day = usage.occurred_at.date()
            days[usage.user] = max(day, days.get(usage.user, day))
    for plan in plans:
        _seen(plan, days)


def _look_back(plan: SeatPlan) -> None:
    """What is stored of the last weeks says who of a plan was active before it was linked."""
    source = plan.source
    if source is None:
        return
    today = clock.today(organization().timezone)
    first = today - 2 * rules.IDLE_AFTER
    days: dict[str, date] = dict(
        ComparisonUsage.objects.filter(source=source, day__gte=first)
        .exclude(user="")
        .values_list("user")
        .annotate(last=Max("day"))
    )
    if source.in_ledger or not source.is_pulled:
        end = today + timedelta(days=1)
        asked = Query(start=first, end=end, grain="day", group_by=("user",), filters={
            "source": [str(source.id)]
        }, people=True)  # fmt: skip
        for row in run(asked).rows:
            if row.keys[0] and isinstance(row.period, date):
                known = days.get(row.keys[0], row.period)
                days[row.keys[0]] = max(known, row.period)
    _seen(plan, days)


def _seen(plan: SeatPlan, days: Mapping[str, date]) -> None:
    """Note when people of a plan were last active; a day before the known one says nothing."""
    for seat in plan.seats.filter(ended__isnull=True, person__in=list(days)):
        day = days[seat.person]
        if seat.last_active is None or day > seat.last_active:
            plan.seats.filter(id=seat.id).update(last_active=day)


def _plan(name: str, source: Source | None) -> SeatPlan:
    plan = SeatPlan.objects.filter(name_norm=name.casefold()).first()
    if plan is None:
        plan = SeatPlan.objects.create(
            name=name,
            name_norm=name.casefold(),
            source=source,
            currency=organization().currency,
        )
        SeatPrice.objects.create(plan=plan, since=ALWAYS, price_nanos=None)
        return plan
    if source is not None and plan.source_id is None:
        SeatPlan.objects.filter(id=plan.id).update(source=source)
        plan.source = source
    return plan


def _apply(plan: SeatPlan, rows: list[rules.Row]) -> Changed:
    """Add, end and update the seats of some people."""
    today = clock.today(organization().timezone)
    held = {seat.person: seat for seat in plan.seats.filter(ended__isnull=True)}
    past = set(plan.seats.filter(ended__isnull=False).values_list("person", "ended"))
    added = ended = updated = 0
    fresh: list[Seat] = []
    for row in rows:
        seat = held.get(row.person)
        over = row.ended if row.ended is not None and row.ended <= today else None
        if seat is None:
            if over is not None and (row.person, over) in past:
                continue
            since = row.since or today
            fresh.append(Seat(plan=plan, person=row.person, name=row.name, team=row.team,
                              since=since, ended=over, last_active=row.last_active))  # fmt: skip
            added += 1
            continue
        values: dict[str, str | date] = {
            name: value
            for name, value in (
                ("name", row.name),
                ("team", row.team),
                ("since", row.since),
                ("last_active", row.last_active),
            )
            if value and getattr(seat, name) != value
        }
        if over is not None:
            values["ended"] = over
            ended += 1
        if values:
            Seat.objects.filter(id=seat.id).update(**values)
            updated += over is None
    Seat.objects.bulk_create(fresh)
    return Changed(added, ended, updated)


def _sum(one: Changed, two: Changed) -> Changed:
    return Changed(one.added + two.added, one.ended + two.ended, one.updated + two.updated)


def _tell(actor: Actor, plan: SeatPlan, changed: Changed) -> None:
    record(
        actor=actor,
        action=events.SEATS_CHANGED,
        obj=plan,
        after={"added": changed.added, "ended": changed.ended},
    )
