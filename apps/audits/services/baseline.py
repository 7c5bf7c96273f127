"""Freezing the baseline."""

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.audits import events, figures, rules
from apps.audits.models import Audit, AuditBaseline
from apps.audits.services.plan import move_audit
from apps.common import clock
from apps.trail.services import record


@transaction.atomic
def freeze_baseline(*, actor: Actor, audit: Audit, version: int) -> AuditBaseline:
    """Capture figures, coverage and freshness once; the hash of the document goes to the trail.

    Raises Conflict when the baseline is already frozen or the audit has changed.
    """
    require(actor, P.AUDIT_RUN, unit_id=audit.unit_id)
    move_audit(audit, "freeze", version)
    taken = figures.collect(audit)
    document = rules.canonical(taken.document)
    baseline = AuditBaseline.objects.create(
        audit=audit,
        number=audit.baselines.count() + 1,
        captured_at=clock.now(),
        data_as_of=taken.data_as_of,
        document=document,
        sha256=rules.sha256(document),
        spend_nanos=taken.spend_nanos,
        tokens=taken.tokens,
    )
    record(
        actor=actor,
        action=events.BASELINE_FROZEN,
        obj=audit,
        after={
            "sha256": baseline.sha256,
            "spend_nanos": baseline.spend_nanos,
            "tokens": baseline.tokens,
            "data_as_of": taken.document["data_as_of"],
        },
    )
    return baseline
