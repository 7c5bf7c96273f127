"""Changing what an organization expects of its runs."""

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.ledger import events
from apps.ledger.models import RunBands
from apps.ledger.rules import bands as rules
from apps.portfolio.enums import CapabilityKind
from apps.trail.services import record


@transaction.atomic
def set_run_bands(*, actor: Actor, kind: str, bands: rules.Bands, version: int) -> RunBands:
    """Replace the bands of one kind of capability. `version` is the one that was read, 0 for the
    reference bands. Raises Forbidden, Invalid (field `<measure>`), Conflict.
    """
    require(actor, P.CAPABILITY_MANAGE)
    if kind not in CapabilityKind.values:
        raise Invalid(
            "Unknown kind of capability.",
            field="kind",
            fix=f"Use one of {', '.join(CapabilityKind.values)}.",
        )
    unknown = [key for key in bands if key not in rules.BY_KEY]
    errors = [
        FieldError(key, f"Unknown measure {key[:40]!r}.", f"Use one of {', '.join(rules.BY_KEY)}.")
        for key in unknown
    ]
    for measure in rules.MEASURES:
        message, fix = rules.problem(measure, bands.get(measure.key, rules.Band()))
        if message:
            errors.append(FieldError(measure.key, message, fix))
    if errors:
        raise Invalid("The bands cannot be kept like this.", errors=errors)
    wanted = rules.write({m.key: bands.get(m.key, rules.Band()) for m in rules.MEASURES})
    row = RunBands.objects.filter(kind=kind).first()
    before = row.bands if row else rules.write(rules.REFERENCE[kind])
    if row is None and version == 0:
        row, made = RunBands.objects.get_or_create(kind=kind, defaults={"bands": wanted})
        changed = int(made)
    else:
        changed = RunBands.objects.filter(kind=kind, version=version).update(
            bands=wanted, version=version + 1, changed_at=clock.now()
        )
    if not changed or row is None:
        raise Conflict(
            "Somebody changed these bands meanwhile.",
            code="bands_changed",
            fix="Look at the present ones and change them again.",
        )
    row.refresh_from_db()
    record(
        actor=actor,
        action=events.RUN_BANDS_CHANGED,
        obj=row,
        before={"bands": before},
        after={"bands": wanted},
    )
    return row
