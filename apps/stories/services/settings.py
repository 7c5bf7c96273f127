"""What the organization sets about estimating. Stories that are submitted keep what they had."""

from typing import Any

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.stories import bands, events
from apps.stories.material import MOST_PERCENT
from apps.stories.models import EstimatingSettings
from apps.stories.services.plan import MAX_MONEY_NANOS
from apps.trail.services import record


@transaction.atomic
def change_sizes(
    *, actor: Actor, version: int, document: Any, reason: str = ""
) -> EstimatingSettings:
    """Replace the size bands read at ``version``. Raises Forbidden, Invalid, Conflict."""
    require(actor, P.ESTIMATING_MANAGE)
    wanted = bands.dump(bands.load_sizes(document))
    return _store(actor, version, events.SIZES_CHANGED, reason, sizes=wanted)


@transaction.atomic
def change_references(
    *, actor: Actor, version: int, document: Any, reason: str = ""
) -> EstimatingSettings:
    """Replace the reference bands read at ``version``. Raises Forbidden, Invalid, Conflict."""
    require(actor, P.ESTIMATING_MANAGE)
    wanted = bands.dump(bands.load_references(document))
    return _store(actor, version, events.REFERENCES_CHANGED, reason, references=wanted)


@transaction.atomic
def change_value_policy(
    *, actor: Actor, version: int, from_nanos: int | None, reason: str = ""
) -> EstimatingSettings:
    """Set the likely lifetime cost from which a story needs a complete value hypothesis.

    0 asks it of every story; None goes back to metric and reason for all. Raises Forbidden,
    Invalid, Conflict.
    """
    require(actor, P.VALUE_POLICY_MANAGE)
    if from_nanos is not None and not 0 <= from_nanos <= MAX_MONEY_NANOS:
        raise Invalid(
            "The amount is out of range.", field="value_from", fix="Enter 0 to 1,000,000,000."
        )
    return _store(actor, version, events.VALUE_POLICY_CHANGED, reason, value_from_nanos=from_nanos)


@transaction.atomic
def change_reapproval(
    *, actor: Actor, version: int, percent: int | None, reason: str = ""
) -> EstimatingSettings:
    """Set by how much an amendment may move an amount without a new decision, in percent.

    0 lets no amount move; None goes back to the default. Stories decided before keep nothing:
    their next amendment is held against the new figure. Raises Forbidden, Invalid, Conflict.
    """
    require(actor, P.VALUE_POLICY_MANAGE)
    if percent is not None and not 0 <= percent <= MOST_PERCENT:
        raise Invalid("The share is out of range.", field="percent", fix="Enter 0 to 100.")
    return _store(actor, version, events.REAPPROVAL_CHANGED, reason, reapproval_percent=percent)


def _store(
    actor: Actor, version: int, action: str, reason: str, **values: Any
) -> EstimatingSettings:
    EstimatingSettings.objects.bulk_create([EstimatingSettings()], ignore_conflicts=True)
    before = EstimatingSettings.objects.get()
    changed = EstimatingSettings.objects.filter(version=version).update(
        **values,
        version=F("version") + 1,
        changed_at=clock.now(),
        changed_by_name=actor.name[:200],
    )
    if not changed:
        raise Conflict(
            "Somebody changed these settings since you opened them.",
            code="stale_version",
            fix="Load them again and repeat your change.",
        )
    record(
        actor=actor,
        action=action,
        obj=before,
        before={name: getattr(before, name) for name in values},
        after=values,
        reason=reason.strip()[:2000],
    )
    return EstimatingSettings.objects.get()
