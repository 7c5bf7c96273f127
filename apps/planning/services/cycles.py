"""Opening a cycle, starting its next round, locking it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.organizations.selectors import organization, unit_by_id
from apps.planning import events, rules
from apps.planning.enums import CycleKind, CycleStatus
from apps.planning.models import COPIED, Envelope, PlanningCycle, PlanningRound
from apps.planning.selectors import cycle_by_id, round_by_number
from apps.planning.services.telling import tell_locked, tell_opened
from apps.portfolio.rules import normalise
from apps.trail.services import record

DRAFT = "Draft"


@transaction.atomic
def open_cycle(
    *,
    actor: Actor,
    name: str,
    kind: str,
    starts_on: date,
    unit_ids: Sequence[UUID],
    requests_until: date | None = None,
) -> PlanningCycle:
    """Open a cycle in which these units plan, with its draft round, and tell their leads. They are
    asked for requests until `requests_until`, without one until the day before it begins.

    Raises Forbidden, NotFound (a unit), Invalid (each wrong field), Conflict when a cycle over the
    same days is there.
    """
    require(actor, P.PLANNING_MANAGE)
    errors = _errors(name, kind, starts_on, unit_ids)
    if not errors and requests_until is not None:
        errors = _until_errors(requests_until, rules.end_of_cycle(CycleKind(kind), starts_on))
    if errors:
        raise Invalid("The cycle cannot be opened like this.", errors=errors)
    units = [unit_by_id(unit_id) for unit_id in dict.fromkeys(unit_ids)]
    if any(not unit.is_active for unit in units):
        raise Invalid("A retired team plans nothing.", field="units", fix="Leave it out.")
    clean = " ".join(name.split())
    try:
        with transaction.atomic():
            cycle = PlanningCycle.objects.create(
                name=clean,
                name_norm=normalise(clean),
                kind=kind,
                starts_on=starts_on,
                ends_on=rules.end_of_cycle(CycleKind(kind), starts_on),
                requests_until=requests_until,
                currency=organization().currency,
                opened_by_name=actor.name[:200],
            )
    except IntegrityError as error:
        raise Conflict(
            "A planning cycle over the same days is there already.",
            code="cycle_exists",
            fix="Open that one, or choose another start.",
        ) from error
    draft = PlanningRound.objects.create(
        cycle=cycle, number=0, name=DRAFT, started_by_name=actor.name[:200]
    )
    envelopes = Envelope.objects.bulk_create([Envelope(round=draft, unit=unit) for unit in units])
    tell_opened(cycle, envelopes)
    record(
        actor=actor,
        action=events.CYCLE_OPENED,
        obj=cycle,
        after={
            "from": starts_on.isoformat(),
            "to": rules.last_day(cycle.ends_on).isoformat(),
            "teams": sorted(unit.name for unit in units),
            "requests_until": cycle.closes_on.isoformat(),
        },
    )
    return cycle


@transaction.atomic
def start_round(
    *,
    actor: Actor,
    cycle_id: UUID,
    version: int,
    name: str = "",
    note: str = "",
    copy_from: int | None = None,
) -> PlanningRound:
    """Copy the numbers of a round (default: the newest) into the next one, which then takes them.

    Raises Forbidden, NotFound, Invalid, Conflict when the cycle is locked or was changed since.
    """
    require(actor, P.PLANNING_MANAGE)
    cycle = cycle_by_id(cycle_id)
    if len(name.strip()) > 80 or len(note.strip()) > 2000:
        raise Invalid("A round's name has 80 characters at most.", field="name", fix="Shorten it.")
    source = round_by_number(cycle, cycle.round_number if copy_from is None else copy_from)
    _claim(cycle, version, round_number=F("round_number") + 1)
    number = cycle.round_number + 1
    made = PlanningRound.objects.create(
        cycle=cycle,
        number=number,
        name=" ".join(name.split()) or f"Round {number}",
        note=note.strip(),
        copied_from=source.number,
        started_by_name=actor.name[:200],
    )
    Envelope.objects.bulk_create(_copies(source, made, cycle))
    record(
        actor=actor,
        action=events.ROUND_STARTED,
        obj=cycle,
        after={"round": made.name, "copied_from": source.name},
        reason=made.note,
    )
    return made


@transaction.atomic
def lock_cycle(*, actor: Actor, cycle_id: UUID, version: int, note: str = "") -> PlanningCycle:
    """Approve the allocations of the newest round. From then on only budget requests change them.

    Raises Forbidden, NotFound, Invalid naming teams without an allocation, Conflict when it is
    locked already or was changed since.
    """
    require(actor, P.PLANNING_MANAGE)
    cycle = cycle_by_id(cycle_id)
    _claim(
        cycle,
        version,
        status=CycleStatus.LOCKED.value,
        locked_at=clock.now(),
        locked_by_name=actor.name[:200],
        lock_note=note.strip()[:2000],
    )
    rows = list(
        Envelope.objects.select_related("unit")
        .filter(round__cycle_id=cycle.id, round__number=cycle.round_number)
        .order_by("unit__name")
    )
    missing = [row.unit.name for row in rows if row.allocated_nanos is None]
    if missing or not rows:
        names = ", ".join(missing[:8]) or "no team"
        raise Invalid(
            f"Not every team has an allocation: {names}.",
            code="not_allocated",
            fix="Allocate each envelope; 0 is an answer.",
        )
    cycle.refresh_from_db()
    record(
        actor=actor,
        action=events.CYCLE_LOCKED,
        obj=cycle,
        before={"status": CycleStatus.OPEN.value},
        after={
            "status": CycleStatus.LOCKED.value,
            "envelopes": {row.unit.name: row.allocated_nanos for row in rows},
            "currency": cycle.currency,
        },
        reason=cycle.lock_note,
    )
    tell_locked(cycle, rows)
    return cycle


def _claim(cycle: PlanningCycle, version: int, **values: object) -> None:
    """The one conditional update through which a cycle moves."""
    changed = PlanningCycle.objects.filter(
        id=cycle.id, status=CycleStatus.OPEN.value, version=version
    ).update(version=F("version") + 1, **values)
    if changed:
        return
    if not PlanningCycle.objects.filter(id=cycle.id, status=CycleStatus.OPEN.value).exists():
        raise locked(cycle)
    raise Conflict(
        "Somebody changed this planning cycle since you opened it.",
        code="stale_version",
        fix="Load it again and repeat your change.",
    )


def locked(cycle: PlanningCycle) -> Conflict:
    return Conflict(
        f"{cycle.name} is locked.",
        code="cycle_locked",
        fix="Its envelopes change through a budget request.",
    )


def _copies(source: PlanningRound, made: PlanningRound, cycle: PlanningCycle) -> list[Envelope]:
    """The numbers of the source; a team that joined after it starts without any."""
    numbers = {row.unit_id: row for row in Envelope.objects.filter(round=source)}
    newest = Envelope.objects.filter(round__cycle_id=cycle.id, round__number=made.number - 1)
    units = dict.fromkeys([*numbers, *newest.values_list("unit_id", flat=True)])
    copies = []
    for unit_id in units:
        row = numbers.get(unit_id)
        kept = {name: getattr(row, name) for name in COPIED} if row is not None else {}
        copies.append(Envelope(round=made, unit_id=unit_id, **kept))
    return copies


def _until_errors(until: date, end: date) -> list[FieldError]:
    if until < end:
        return []
    fix = f"Choose a day before {end.isoformat()}."
    return [FieldError("requests_until", "The cycle is over by then.", fix)]


def _errors(name: str, kind: str, starts_on: date, unit_ids: Sequence[UUID]) -> list[FieldError]:
    errors = []
    if not 1 <= len(" ".join(name.split())) <= 120:
        errors.append(FieldError("name", "A name has 1 to 120 characters.", "Name the cycle."))
    if kind not in {k.value for k in CycleKind}:
        errors.append(FieldError("kind", "Not a kind of cycle.", "Use quarter or year."))
    if starts_on.day != 1:
        errors.append(
            FieldError("starts_on", "A cycle is made of whole months.", "Start on the first.")
        )
    if not unit_ids:
        errors.append(FieldError("units", "Nobody would plan.", "Choose a team."))
    return errors
