"""Telling the leads of the teams that plan: a cycle is open, about to close, locked. Once each."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from apps.common import clock, fmt
from apps.notifications.services import notify
from apps.organizations.models import Unit
from apps.organizations.selectors import leads_upwards, organization
from apps.planning.enums import CycleStatus
from apps.planning.models import Envelope, PlanningCycle
from apps.tenancy.urls import org_url

REMIND = timedelta(days=7)
"""How long before the last day teams are reminded."""

Words = Callable[[list[Envelope]], str]


def tell_opened(cycle: PlanningCycle, envelopes: Iterable[Envelope]) -> None:
    """Whoever leads these teams may say what they need."""
    until = fmt.long_day(cycle.closes_on)
    days = fmt.day_range(cycle.starts_on, cycle.ends_on)
    _tell(
        cycle,
        envelopes,
        "opened",
        f"{cycle.name} is open for planning",
        lambda own: (
            f"Say until {until} what {_names(own)} need{'s' if len(own) == 1 else ''} over "
            f"{days}. What their stories plan is suggested."
        ),
    )


def remind_closing() -> int:
    """Remind leads of open cycles whose last day for requests is near; the number of cycles.

    Once a cycle: it is claimed by a conditional update. Requests are taken until it is locked.
    """
    today = clock.today(organization().timezone)
    waiting = PlanningCycle.objects.filter(status=CycleStatus.OPEN.value, reminded_at__isnull=True)
    due = [cycle for cycle in waiting if today <= cycle.closes_on <= today + REMIND]
    return sum(_remind(cycle) for cycle in due)


@transaction.atomic
def _remind(cycle: PlanningCycle) -> int:
    claimed = PlanningCycle.objects.filter(
        id=cycle.id, status=CycleStatus.OPEN.value, reminded_at__isnull=True
    ).update(reminded_at=clock.now())
    if claimed:
        _tell(
            cycle,
            envelopes_of(cycle),
            "closing",
            f"{cycle.name} takes requests until {fmt.long_day(cycle.closes_on)}",
            lambda own: "\n".join(_asked(one, cycle) for one in own),
        )
    return claimed


def tell_locked(cycle: PlanningCycle, envelopes: Iterable[Envelope]) -> None:
    _tell(
        cycle,
        envelopes,
        "locked",
        f"{cycle.name} is locked",
        lambda own: (
            "\n".join(_given(one, cycle) for one in own)
            + "\nFrom now on a budget request changes it."
        ),
    )


def envelopes_of(cycle: PlanningCycle) -> list[Envelope]:
    """Of the newest round, by the name of the team."""
    rows = Envelope.objects.select_related("unit").filter(
        round__cycle_id=cycle.id, round__number=cycle.round_number
    )
    return list(rows.order_by("unit__name", "id"))


def _tell(
    cycle: PlanningCycle, envelopes: Iterable[Envelope], what: str, title: str, words: Words
) -> None:
    """One message a person, about all teams whose nearest lead they are."""
    own: dict[UUID, list[Envelope]] = defaultdict(list)
    for envelope in envelopes:
        for people in leads_upwards(envelope.unit_id)[:1]:
            for person in people:
                own[person.id].append(envelope)
    for person_id, theirs in own.items():
        notify(
            recipients=[person_id],
            kind=f"budget.cycle_{what}",
            key=f"cycle:{cycle.id}:{what}",
            title=title,
            body=words(theirs),
            path=org_url(organization().slug, "planning:detail", cycle_id=cycle.id),
        )


def _names(envelopes: list[Envelope]) -> str:
    units: list[Unit] = [envelope.unit for envelope in envelopes]
    names = [unit.name for unit in units]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _asked(envelope: Envelope, cycle: PlanningCycle) -> str:
    if envelope.requested_nanos is None:
        return f"{envelope.unit.name} has not asked for anything yet."
    asked = fmt.money(envelope.requested_nanos, cycle.currency, "exact")
    return f"{envelope.unit.name} asked for {asked}."


def _given(envelope: Envelope, cycle: PlanningCycle) -> str:
    given = fmt.money(envelope.allocated_nanos, cycle.currency, "exact")
    return f"{envelope.unit.name} has {given}."
