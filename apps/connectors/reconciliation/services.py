"""Changing from which difference on figures need an answer."""

from dataclasses import asdict

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import Conflict, Invalid
from apps.connectors import events
from apps.connectors.models import ReconciliationLimits
from apps.connectors.reconciliation.rules import Limits, problems
from apps.trail.refs import ObjectRef
from apps.trail.services import record


def set_limits(*, actor: Actor, version: int, limits: Limits) -> ReconciliationLimits:
    """Set the organization's limits on the version that was read (0: never set).

    Raises Forbidden, Invalid for limits that make no sense, Conflict for another version.
    """
    require(actor, P.SOURCE_MANAGE)
    if errors := problems(limits):
        raise Invalid("These limits make no sense.", errors=errors)
    wanted = asdict(limits)
    ReconciliationLimits.objects.bulk_create(
        [ReconciliationLimits(**asdict(Limits()))], ignore_conflicts=True
    )
    known = ReconciliationLimits.objects.select_for_update().get()
    if known.version != version:
        raise Conflict(
            "Somebody changed the limits meanwhile.",
            code="version_changed",
            fix="Load the page again and repeat your change.",
        )
    before = {name: getattr(known, name) for name in wanted}
    if before == wanted:
        return known
    for name, value in wanted.items():
        setattr(known, name, value)
    known.version += 1
    known.save()
    record(
        actor=actor,
        action=events.LIMITS_CHANGED,
        obj=ObjectRef("reconciliation_limits", known.id, "Reconciliation limits"),
        before={name: value for name, value in before.items() if value != wanted[name]},
        after={name: value for name, value in wanted.items() if value != before[name]},
    )
    return known
