"""The thresholds of an organization's budgets."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.budgets import events
from apps.budgets.enums import Basis
from apps.budgets.models import ThresholdDefault
from apps.budgets.selectors.thresholds import pairs, threshold_default
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.trail.services import record

MOST = 1000
"""Percent."""
MOST_THRESHOLDS = 20


def threshold_errors(
    wanted: Iterable[tuple[Basis, int]], field: str = "thresholds"
) -> list[FieldError]:
    """What is wrong with thresholds."""
    wanted = list(wanted)
    if any(not 1 <= percent <= MOST for _, percent in wanted):
        fix = f"Use whole percents from 1 to {MOST}."
        return [FieldError(field, f"A threshold is 1 to {MOST} percent.", fix)]
    if len(wanted) > MOST_THRESHOLDS:
        fix = f"Keep at most {MOST_THRESHOLDS}."
        return [FieldError(field, "Too many thresholds: nobody would read them.", fix)]
    return []


@transaction.atomic
def set_threshold_default(
    *, actor: Actor, actual: Sequence[int], forecast: Sequence[int], version: int
) -> ThresholdDefault:
    """Say at which percents of measured and of forecast use every budget without thresholds of its
    own speaks up, from the next look on. `version` is that which was read, 0 where none was set.

    Raises Forbidden (needs budgets of the whole organization), Invalid (field `actual` or
    `forecast`), Conflict.
    """
    require(actor, P.BUDGET_MANAGE)
    errors = threshold_errors([(Basis.ACTUAL, p) for p in actual], "actual")
    errors += threshold_errors([(Basis.FORECAST, p) for p in forecast], "forecast")
    if errors:
        raise Invalid("The thresholds cannot be used.", errors=errors)
    before = threshold_default()
    values = {"actual": sorted(set(actual)), "forecast": sorted(set(forecast))}
    if version == 0:
        first = ThresholdDefault(version=0, actual=before.actual, forecast=before.forecast)
        ThresholdDefault.objects.bulk_create([first], ignore_conflicts=True)
    moved = ThresholdDefault.objects.filter(version=version).update(
        **values, version=F("version") + 1, changed_at=clock.now()
    )
    if not moved:
        raise Conflict(
            "The thresholds were changed meanwhile.",
            code="thresholds_changed",
            fix="Load the page again.",
        )
    after = threshold_default()
    record(
        actor=actor,
        action=events.THRESHOLDS_SET,
        obj=after,
        before=_said(before),
        after=_said(after),
    )
    return after


def _said(default: ThresholdDefault) -> dict[str, list[list[object]]]:
    return {"thresholds": [[basis.value, percent] for basis, percent in pairs(default)]}
