"""Two planning cycles: this quarter, locked before it began, and the next one in round 1."""

import datetime as dt

from apps.access.roles import Role
from apps.budgets.services import create_budget
from apps.common import clock
from apps.common.money import NANOS
from apps.common.periods import Month
from apps.organizations.models import Unit
from apps.planning import services
from apps.planning.enums import CycleKind
from apps.planning.models import Envelope, PlanningCycle
from apps.planning.rules import suggested_name
from apps.planning.selectors.standing import standing
from tokenops.demo.answers import at_work
from tokenops.demo.organization import Demo

STEP = 500 * NANOS
ASKED = (115, 130, 105, 120)
"""Percent of the expected use that divisions ask for, in the order of their names."""
GIVEN = (110, 90, 105, 112)


def ensure_planning(demo: Demo, now: dt.datetime) -> None:
    """Inside the organization's scope, after usage and stories are there."""
    if PlanningCycle.objects.exists():
        return
    cfo, cio = demo.role(Role.CFO), demo.role(Role.CIO)
    this = Month(now.year, (now.month - 1) // 3 * 3 + 1)
    units = list(Unit.objects.filter(parent__parent__isnull=True, parent__isnull=False))
    begins = at_work(dt.datetime.combine(this.start, dt.time(14), dt.UTC))
    expected: dict[str, int] = {}
    for month, before in ((this, begins), (this.shift(3), now)):
        with clock.at(at_work(before - dt.timedelta(days=31))):
            cycle = services.open_cycle(
                actor=cio,
                name=suggested_name(CycleKind.QUARTER, month.start, 1),
                kind=CycleKind.QUARTER,
                starts_on=month.start,
                unit_ids=[unit.id for unit in units],
            )
        expected = expected or _expected(demo, cycle, now)
        with clock.at(at_work(before - dt.timedelta(days=20))):
            _ask(demo, cycle, expected)
        with clock.at(at_work(before - dt.timedelta(days=12))):
            _give(demo, cycle, expected, GIVEN)
        if month is this:
            with clock.at(at_work(before - dt.timedelta(days=9))):
                services.lock_cycle(
                    actor=cio, cycle_id=cycle.id, version=1, note="Agreed with the divisions."
                )
                _open_budgets(demo, cycle)
            continue
        with clock.at(at_work(before - dt.timedelta(days=3))):
            services.start_round(
                actor=cfo,
                cycle_id=cycle.id,
                version=1,
                note="What if growth comes a quarter later?",
            )
            _give(demo, cycle, expected, tuple(percent - 8 for percent in GIVEN[:-1]))


def _open_budgets(demo: Demo, cycle: PlanningCycle) -> None:
    """The divisions' envelopes as budgets, under one of the whole organization."""
    cfo, rows = demo.role(Role.CFO), _rows(cycle)
    create_budget(
        actor=cfo,
        name=f"AI at {demo.organization.name}, {cycle.name}",
        scope="organization",
        amount_nanos=sum(row.allocated_nanos or 0 for row in rows),
        period_kind="custom",
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        note="What the divisions were given, together.",
    )
    for row in rows:
        services.open_envelope_budget(actor=cfo, envelope_id=row.id)


def _expected(demo: Demo, cycle: PlanningCycle, now: dt.datetime) -> dict[str, int]:
    """The use of the whole quarter at the rate so far, by division."""
    days = (now.date() - cycle.starts_on).days + 1
    whole = (cycle.ends_on - cycle.starts_on).days
    rows = standing(demo.role(Role.CIO), cycle).rows
    return {str(row.envelope.unit_id): (row.spent or 0) * whole // days for row in rows}


def _rows(cycle: PlanningCycle) -> list[Envelope]:
    cycle.refresh_from_db()
    rows = Envelope.objects.filter(round__cycle_id=cycle.id, round__number=cycle.round_number)
    return list(rows.order_by("unit__name"))


def _amount(expected: int, percent: int) -> int:
    return (expected * percent // 100 // STEP + 1) * STEP


def _ask(demo: Demo, cycle: PlanningCycle, expected: dict[str, int]) -> None:
    for index, row in enumerate(_rows(cycle)):
        services.request_envelope(
            actor=demo.role(Role.CTO),
            envelope_id=row.id,
            version=row.version,
            amount_nanos=_amount(expected[str(row.unit_id)], ASKED[index % len(ASKED)]),
            note="Growth of the assistants and one new pipeline." if index == 0 else "",
        )


def _give(
    demo: Demo, cycle: PlanningCycle, expected: dict[str, int], percents: tuple[int, ...]
) -> None:
    """Fewer percents than divisions: the others keep what they have."""
    for index, row in enumerate(_rows(cycle)):
        if index >= len(percents) and len(percents) < len(GIVEN):
            continue
        services.allocate_envelope(
            actor=demo.role(Role.CFO),
            envelope_id=row.id,
            version=row.version,
            amount_nanos=_amount(expected[str(row.unit_id)], percents[index % len(percents)]),
        )
