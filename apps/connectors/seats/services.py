"""Plans, and the people on them: stated by people, imported, or listed by a source."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid, NotFound
from apps.connectors.models import Source
from apps.connectors.providers.base import SeatLine
from apps.connectors.seats import events, rules
from apps.connectors.seats.models import Seat, SeatPlan
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


@transaction.atomic
def save_plan(
    *,
    actor: Actor,
    name: str,
    price_nanos: int | None,
    included: str = "",
    plan_id: UUID | None = None,
    version: int = 0,
) -> SeatPlan:
    """A new plan, or a change of one as it was read. Raises Invalid, Conflict, NotFound."""
    require(actor, P.SOURCE_MANAGE)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise Invalid("A plan has a name.", field="name", fix="Use 1 to 120 characters.")
    if price_nanos is not None and price_nanos < 0:
        raise Invalid("A price is not negative.", field="price", fix="Enter 0 or more.")
    taken = SeatPlan.objects.filter(name_norm=name.casefold()).first()
    if taken is not None and taken.id != plan_id:
        raise Invalid("Another plan is called so.", field="name", fix="Choose another name.")
    values = {
        "name": name,
        "name_norm": name.casefold(),
        "price_nanos": price_nanos,
        "included": included[:200],
    }
    shown = {"name": name, "price_nanos": price_nanos, "included": included[:200]}
    if plan_id is None:
        plan = SeatPlan.objects.create(currency=organization().currency, **values)
        record(actor=actor, action=events.PLAN_ADDED, obj=plan, after=shown)
        return plan
    found = SeatPlan.objects.filter(id=plan_id).first()
    if found is None:
        raise NotFound("There is no such plan.", code="seat_plan_not_found")
    before = {"name": found.name, "price_nanos": found.price_nanos, "included": found.included}
    if not SeatPlan.objects.filter(id=plan_id, version=version).update(
        **values, version=F("version") + 1
    ):
        raise Conflict("Somebody changed this plan since you opened it.", code="stale_version")
    record(actor=actor, action=events.PLAN_CHANGED, obj=found, before=before, after=shown)
    found.refresh_from_db()
    return found


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
        for person, line in present.items():
            if line.last_active is not None:
                plan.seats.filter(person=person, ended__isnull=True).exclude(
                    last_active=line.last_active
                ).update(last_active=line.last_active)
        changed = _sum(changed, Changed(ended=ended))
        done = _sum(done, changed)
        if changed.any:
            _tell(system_actor("seats.sync"), plan, changed)
    return done


def _plan(name: str, source: Source | None) -> SeatPlan:
    plan = SeatPlan.objects.filter(name_norm=name.casefold()).first()
    if plan is None:
        return SeatPlan.objects.create(
            name=name,
            name_norm=name.casefold(),
            source=source,
            currency=organization().currency,
        )
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
                              since=since, ended=over))  # fmt: skip
            added += 1
            continue
        values: dict[str, str | date] = {
            name: value
            for name, value in (("name", row.name), ("team", row.team), ("since", row.since))
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
