"""Adding and changing a schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere, require_anywhere
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.organizations.models import Membership
from apps.organizations.selectors import actor_for_membership, organization
from apps.portfolio.rules import normalise
from apps.reports import events, kinds, rules, selectors
from apps.reports.enums import Cadence
from apps.reports.models import ReportRecipient, ReportSchedule
from apps.savedviews.rules import NAME_LIMIT, QUERY_LIMIT, clean_name, clean_query
from apps.trail.services import record

MOST_SCHEDULES = 50
"""Of one person."""
MOST_RECIPIENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asks for. `weekday` counts for weeks, `month_day` for months."""

    name: str
    query: str = ""
    cadence: str
    hour: int = 7
    weekday: int = 0
    month_day: int = 1
    with_csv: bool = True
    with_pdf: bool = False
    recipients: Sequence[UUID]

    @property
    def timing(self) -> rules.Timing:
        return rules.Timing(self.cadence, self.hour, self.weekday, self.month_day)


@transaction.atomic
def create_schedule(*, actor: Actor, kind: str, wanted: Wanted) -> ReportSchedule:
    """Send a page with its filters from now on; nothing of the past is sent.

    Raises Forbidden (no permission; a program), Invalid naming each field: an unknown kind,
    recipients who are not in sight or may not see such figures.
    """
    require_anywhere(actor, P.REPORT_SCHEDULE)
    if actor.membership_id is None:
        raise Forbidden("Only people schedule reports.", code="not_a_person")
    known = kinds.kind_of(kind)
    if known is None:
        names = ", ".join(one.name for one in kinds.kinds())
        raise Invalid("This page is not sent.", field="kind", fix=f"Use one of {names}.")
    require_anywhere(actor, known.permission)
    if ReportSchedule.objects.filter(owner_id=actor.membership_id).count() >= MOST_SCHEDULES:
        raise Invalid(f"You have {MOST_SCHEDULES} schedules.", fix="Delete one first.")
    values, people = _checked(actor, known, wanted)
    schedule = ReportSchedule.objects.create(
        kind=kind,
        owner_id=actor.membership_id,
        owner_name=actor.name[:200],
        due_at=rules.next_due(wanted.timing, clock.now(), organization().timezone),
        **values,
    )
    _send_to(schedule, people)
    record(actor=actor, action=events.SCHEDULED, obj=schedule, after=described(schedule, people))
    return schedule


@transaction.atomic
def change_schedule(
    *, actor: Actor, schedule_id: UUID, version: int, wanted: Wanted
) -> ReportSchedule:
    """Change everything but the kind. A paused one stays paused.

    Recipients that the actor cannot see may stay, not join. Raises NotFound, Forbidden, Invalid,
    Conflict when it was changed since.
    """
    schedule = selectors.schedule_by_id(actor, schedule_id)
    require_change(actor, schedule)
    known = kinds.kind_of(schedule.kind)
    if known is None:
        raise Invalid("This page is not sent any more.", fix="Delete the schedule.")
    before_people = selectors.recipients(schedule)
    values, people = _checked(actor, known, wanted, before_people)
    due = rules.next_due(wanted.timing, clock.now(), organization().timezone)
    before = described(schedule, before_people)
    updated = ReportSchedule.objects.filter(id=schedule.id, version=version).update(
        **values,
        due_at=None if schedule.is_paused else due,
        version=F("version") + 1,
        updated_at=clock.now(),
    )
    if not updated:
        raise stale()
    schedule.refresh_from_db()
    ReportRecipient.objects.filter(schedule=schedule).exclude(
        membership_id__in=[one.id for one in people]
    ).delete()
    _send_to(schedule, people)
    record(
        actor=actor,
        action=events.CHANGED,
        obj=schedule,
        before=before,
        after=described(schedule, people),
    )
    return schedule


def require_change(actor: Actor, schedule: ReportSchedule) -> None:
    """Raises Forbidden for a schedule that is another's."""
    require_anywhere(actor, P.REPORT_SCHEDULE)
    if not selectors.may_change(actor, schedule):
        raise Forbidden(
            f"This schedule belongs to {schedule.owner_name}.",
            code="not_owner",
            fix="Ask them, or make one of your own.",
        )


def stale() -> Conflict:
    return Conflict(
        "Somebody changed this schedule since you opened it.",
        code="stale_version",
        fix="Load it again and repeat your change.",
    )


def described(schedule: ReportSchedule, people: Sequence[Membership]) -> dict[str, Any]:
    """What the trail keeps of a schedule."""
    return {
        "kind": schedule.kind,
        "name": schedule.name,
        "query": schedule.query,
        "cadence": schedule.cadence,
        "hour": schedule.hour,
        "weekday": schedule.weekday,
        "month_day": schedule.month_day,
        "csv": schedule.with_csv,
        "pdf": schedule.with_pdf,
        "recipients": sorted(str(one) for one in people),
    }


def _checked(
    actor: Actor,
    kind: kinds.ReportKind,
    wanted: Wanted,
    present: Sequence[Membership] = (),
) -> tuple[dict[str, Any], list[Membership]]:
    """The values to store and the people to send to, or Invalid with everything that is wrong."""
    name, query = clean_name(wanted.name), clean_query(wanted.query)
    errors = []
    if not 1 <= len(name) <= NAME_LIMIT:
        errors.append(FieldError("name", f"A name has 1 to {NAME_LIMIT} characters."))
    if len(query) > QUERY_LIMIT:
        errors.append(FieldError("query", "The filters are too long.", "Use fewer of them."))
    if wanted.cadence not in Cadence.values:
        errors.append(FieldError("cadence", "Choose " + ", ".join(Cadence.values) + "."))
    for field, value, low, high in (
        ("hour", wanted.hour, 0, 23),
        ("weekday", wanted.weekday, 0, 6),
        ("month_day", wanted.month_day, 1, rules.LAST_MONTH_DAY),
    ):
        if not low <= value <= high:
            errors.append(FieldError(field, f"From {low} to {high}."))
    people, wrong = _people(actor, kind, wanted.recipients, present)
    errors += wrong
    if errors:
        raise Invalid("The report cannot be scheduled like this.", errors=errors)
    values = {
        "name": name,
        "name_norm": normalise(name),
        "query": query,
        "cadence": wanted.cadence,
        "hour": wanted.hour,
        "weekday": wanted.weekday,
        "month_day": wanted.month_day,
        "with_csv": wanted.with_csv,
        "with_pdf": wanted.with_pdf,
    }
    return values, people


def _people(
    actor: Actor, kind: kinds.ReportKind, ids: Sequence[UUID], present: Sequence[Membership]
) -> tuple[list[Membership], list[FieldError]]:
    """Members in the actor's sight who may see such figures today; asked again at each sending."""
    wanted = set(ids)
    if not 1 <= len(wanted) <= MOST_RECIPIENTS:
        return [], [FieldError("recipients", f"Choose 1 to {MOST_RECIPIENTS} people.")]
    reachable = {one.id: one for one in (*present, *selectors.candidates(actor))}
    if wanted - reachable.keys():
        message = "Somebody chosen is not an active member whom you see."
        return [], [FieldError("recipients", message, "Choose from the list.")]
    kept = {one.id for one in present}
    people = [reachable[i] for i in sorted(wanted)]
    blind = [
        str(one)
        for one in people
        if one.id not in kept and not can_anywhere(actor_for_membership(one), kind.permission)
    ]
    if blind:
        names = ", ".join(blind)
        fix = f"They need a role with {kind.permission.value}."
        return [], [FieldError("recipients", f"May not see such figures: {names}.", fix)]
    return people, []


def _send_to(schedule: ReportSchedule, people: Sequence[Membership]) -> None:
    ReportRecipient.objects.bulk_create(
        [ReportRecipient(schedule=schedule, membership=one) for one in people],
        ignore_conflicts=True,
    )
