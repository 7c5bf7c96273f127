"""Re-attribution with a row that people can watch."""

from datetime import timedelta
from uuid import UUID

from apps.common import clock
from apps.ledger.enums import JobStatus
from apps.ledger.models import DimensionSet, Reattribution
from apps.ledger.services.reattribute import Reattributed, reattribute
from apps.tenancy.scope import tenant_scope

KEPT = timedelta(days=30)


def run_reattribution(*, organization_id: UUID) -> Reattributed:
    """Apply the rules in force to the usage of open periods, showing how far it is.

    Open no scope around it. A run whose worker died stays behind as failed; the next one does all
    that is left.
    """
    with tenant_scope(organization_id):
        Reattribution.objects.filter(created_at__lt=clock.now() - KEPT).delete()
        run_id = Reattribution.objects.create(total=DimensionSet.objects.count()).id
        Reattribution.objects.filter(status=JobStatus.RUNNING).exclude(id=run_id).update(
            status=JobStatus.FAILED, finished_at=clock.now()
        )

    def progress(found: Reattributed, looked: int) -> None:
        Reattribution.objects.filter(id=run_id).update(
            looked=looked,
            total=found.sets,
            changed=found.changed,
            moved_nanos=found.moved_nanos,
        )

    result = reattribute(organization_id=organization_id, progress=progress)
    with tenant_scope(organization_id):
        Reattribution.objects.filter(id=run_id).update(
            status=JobStatus.DONE, finished_at=clock.now()
        )
    return result
