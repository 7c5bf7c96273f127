"""Recording changes: by people, by programs, and by the ledger itself."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.periods import day_in_zone, day_start
from apps.ledger.changelog import events, rules, selectors
from apps.ledger.changelog.enums import ChangeKind, Origin
from apps.ledger.changelog.models import CapabilityChange
from apps.ledger.query import Query, run
from apps.ledger.selectors.state import ledger_settings
from apps.portfolio.selectors import capability_by_id
from apps.trail.services import record

FIELDS = ("kind", "title", "detail", "link", "occurred_at")
EARLIEST = date(2015, 1, 1)
AHEAD = timedelta(days=1)
LOOK_BACK = timedelta(days=28)
NEAR = timedelta(days=7)
"""A switch to the same model within so many days is the same one, told again by late data."""
KNOWN = timedelta(days=3)
"""A model switch that somebody recorded within so many days needs no second entry."""


def record_change(
    *,
    actor: Actor,
    capability_id: UUID,
    kind: str,
    title: str,
    occurred_at: datetime | None = None,
    detail: str = "",
    link: str = "",
    reference: str = "",
) -> tuple[CapabilityChange, bool]:
    """Record a change of a capability, now unless `occurred_at` says when; whether it is new.

    With a `reference` it is recorded once: the same one with the same content gives the first
    entry and writes nothing, with other content it is a Conflict. A repeat without `occurred_at`
    is the same content. Raises NotFound, Forbidden, Invalid naming the field.
    """
    capability = capability_by_id(actor, capability_id)
    require(actor, P.CHANGE_RECORD, unit_id=capability.unit_id)
    values = _checked(
        {
            "kind": kind,
            "title": title,
            "detail": detail,
            "link": link,
            "occurred_at": occurred_at or clock.now(),
        }
    )
    mark = reference.strip()
    if len(mark) > 120:
        raise Invalid("The reference is too long.", field="reference", fix="At most 120 letters.")
    origin = {"system": Origin.LEDGER, "service": Origin.API}.get(actor.kind, Origin.HAND)
    row = CapabilityChange(
        capability=capability,
        reference=mark,
        origin=origin,
        created_by_id=actor.id,
        created_by_name=actor.name[:200],
        **values,
    )
    CapabilityChange.objects.bulk_create([row], ignore_conflicts=bool(mark))
    if mark:
        first = CapabilityChange.objects.select_related("capability").get(
            capability_id=capability.id, reference=mark
        )
        if first.id != row.id:
            _same(first, values, compare_time=occurred_at is not None)
            return first, False
    record(actor=actor, action=events.RECORDED, obj=row, after=_described(row))
    return row, True


def correct_change(
    *, actor: Actor, change_id: UUID, version: int, **changed: Any
) -> CapabilityChange:
    """Change some of FIELDS of the version that was read. What the ledger saw is not corrected:
    withdraw it. Raises NotFound, Forbidden, Invalid, Conflict."""
    row = selectors.change_by_id(actor, change_id)
    require(actor, P.CHANGE_RECORD, unit_id=row.capability.unit_id)
    if row.origin == Origin.LEDGER:
        raise Conflict(
            "The ledger saw this change in usage; its words are not edited.",
            code="change_of_ledger",
            fix="Withdraw it if it is wrong, and record another.",
        )
    values = _checked({field: changed.get(field, getattr(row, field)) for field in FIELDS})
    before = _described(row)
    _conditional(row, version, **values)
    after = selectors.change_by_id(actor, change_id)
    record(actor=actor, action=events.CORRECTED, obj=after, before=before, after=_described(after))
    return after


def withdraw_change(
    *, actor: Actor, change_id: UUID, version: int, reason: str
) -> CapabilityChange:
    """Take an entry off the charts; it stays in the log. Needs a reason."""
    row = selectors.change_by_id(actor, change_id)
    require(actor, P.CHANGE_RECORD, unit_id=row.capability.unit_id)
    if not reason.strip():
        raise Invalid("Say why it is withdrawn.", field="reason", fix="Write a reason.")
    _conditional(row, version, withdrawn_at=clock.now(), withdrawn_reason=reason.strip()[:500])
    after = selectors.change_by_id(actor, change_id)
    record(actor=actor, action=events.WITHDRAWN, obj=after, reason=reason.strip())
    return after


def recognise_switches() -> int:
    """Record the model switches of the last weeks that nobody has recorded; how many are new.

    Complete days only. Safe to repeat.
    """
    today = clock.today(ledger_settings().timezone)
    mixes: dict[UUID, dict[date, dict[str, int]]] = {}
    query = Query(
        start=today - LOOK_BACK,
        end=today,
        grain="day",
        group_by=("capability", "model"),
        order="period",
    )
    for row in run(query).rows:
        capability, model = row.keys
        if capability and model and isinstance(row.period, date):
            days = mixes.setdefault(UUID(capability), {})
            mix = days.setdefault(row.period, {})
            mix[model] = mix.get(model, 0) + row.tokens.total
    return sum(_recognise(capability, days) for capability, days in mixes.items())


def _recognise(capability_id: UUID, days: Mapping[date, Mapping[str, int]]) -> int:
    new = 0
    for switch in rules.find_switches(days):
        if _is_known(capability_id, switch):
            continue
        actor = system_actor("ledger.changelog")
        _, created = record_change(
            actor=actor,
            capability_id=capability_id,
            kind=ChangeKind.MODEL,
            title=f"{switch.to} instead of {switch.was}"[:120],
            detail=(
                f"From this day on {switch.to} has at least {rules.SWITCH_HIGH}% of the tokens; "
                f"before it had at most {rules.SWITCH_LOW}%, and {switch.was} had most."
            ),
            occurred_at=day_start(switch.day, ledger_settings().timezone),
            reference=f"seen:{switch.day}:{switch.to}"[:120],
        )
        new += created
    return new


def _is_known(capability_id: UUID, switch: rules.Switch) -> bool:
    """Recorded by somebody near that day, or by the ledger from earlier data. Withdrawn entries
    count: what a person took away does not come back."""
    near = CapabilityChange.objects.filter(
        capability_id=capability_id,
        kind=ChangeKind.MODEL,
        day__range=(switch.day - NEAR, switch.day + NEAR),
    )
    return any(
        row.reference.endswith(f":{switch.to}"[:120])
        if row.origin == Origin.LEDGER
        else abs(row.day - switch.day) <= KNOWN
        for row in near
    )


def _conditional(row: CapabilityChange, version: int, **values: Any) -> None:
    moved = CapabilityChange.objects.filter(id=row.id, version=version, withdrawn_at=None).update(
        **values, version=F("version") + 1
    )
    if not moved:
        raise Conflict(
            "This change was corrected or withdrawn meanwhile.",
            code="change_moved_on",
            fix="Load the page again.",
        )


def _same(first: CapabilityChange, values: Mapping[str, Any], *, compare_time: bool) -> None:
    compared = [name for name in FIELDS if compare_time or name != "occurred_at"]
    if any(getattr(first, name) != values[name] for name in compared):
        raise Conflict(
            f"The reference {first.reference} is recorded with other content.",
            code="reference_taken",
            field="reference",
            fix="Use another reference, or correct the recorded change.",
        )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Column values of a change. Raises Invalid naming every field that is wrong."""
    values = {name: v.strip() if isinstance(v, str) else v for name, v in values.items()}
    errors = []
    if values["kind"] not in {kind.value for kind in ChangeKind}:
        known = ", ".join(kind.value for kind in ChangeKind)
        errors.append(FieldError("kind", "There is no such kind of change.", f"One of {known}."))
    if not 1 <= len(values["title"]) <= 120:
        errors.append(
            FieldError("title", "A change has a name of 1 to 120 letters.", "Say “2.3” or “v7”.")
        )
    if len(values["detail"]) > 4000:
        errors.append(FieldError("detail", "The text is too long.", "At most 4,000 letters."))
    if values["link"] and not _is_link(values["link"]):
        errors.append(FieldError("link", "This is no web address.", "Begin it with https://."))
    at: datetime = values["occurred_at"]
    zone = ledger_settings().timezone
    day = day_in_zone(at, zone)
    if at > clock.now() + AHEAD or day < EARLIEST:
        errors.append(
            FieldError(
                "occurred_at",
                "A change lies between 2015 and tomorrow.",
                "Record it when it happens.",
            )
        )
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return {**values, "day": day}


def _is_link(text: str) -> bool:
    if len(text) > 500:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def _described(row: CapabilityChange) -> dict[str, Any]:
    return {
        "capability": row.capability.name,
        "kind": row.kind,
        "title": row.title,
        "detail": row.detail,
        "link": row.link,
        "reference": row.reference,
        "occurred_at": row.occurred_at.isoformat(),
        "origin": row.origin,
    }
