"""Background work of the ledger."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.attribution.events import ATTRIBUTION_CHANGED
from apps.common import clock
from apps.common.periods import month_of
from apps.ledger import events, services
from apps.ledger.guards import follow_settings
from apps.ledger.services import partitions
from apps.ledger.services.rule_use import count_rule_use
from apps.organizations.guards import SETTINGS_CHANGED
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {
    "ledger.fold_all": 30.0,
    "ledger.partitions": crontab(hour="2", minute="13"),
    "ledger.prune_all": crontab(hour="2", minute="43"),
    "ledger.rule_use_all": crontab(minute="48"),
}
_MONTHS_AHEAD = 3


@tenant_task(name="ledger.fold", queue="ledger", scoped=False)
def fold(*, organization_id: UUID) -> int:
    """Fold an organization's inbox. Any number may run at once."""
    return services.fold(organization_id=organization_id)


@shared_task(name="ledger.fold_all")
def fold_all() -> int:
    """Find batches whose wake-up was lost or whose worker died."""
    return fan_out(fold)


@handler(events.INBOX)
def on_batch(message: Message) -> None:
    """A push was accepted."""
    services.fold(organization_id=message.organization_id)


@tenant_task(name="ledger.reattribute", queue="ledger", scoped=False)
def reattribute(*, organization_id: UUID) -> None:
    """Apply the attribution rules to the usage of open periods."""
    services.run_reattribution(organization_id=organization_id)


@handler(ATTRIBUTION_CHANGED)
def on_rules_changed(message: Message) -> None:
    """Attribution rules changed."""
    services.run_reattribution(organization_id=message.organization_id)


@handler(events.RECOST)
def on_recost(message: Message) -> None:
    """Somebody asked to price what has no price."""
    services.run_recost(
        organization_id=message.organization_id, job_id=UUID(message.payload["job_id"])
    )


@tenant_task(name="ledger.prune", queue="ledger", scoped=False)
def prune(*, organization_id: UUID) -> int:
    """Remove the raw records that the organization no longer keeps."""
    return services.prune(organization_id=organization_id)


@shared_task(name="ledger.prune_all")
def prune_all() -> int:
    """Every night: months that have become old enough."""
    return fan_out(prune)


@handler(events.PRUNE)
def on_retention_changed(message: Message) -> None:
    """Somebody changed how long raw records are kept."""
    services.prune(organization_id=message.organization_id)


@handler(SETTINGS_CHANGED)
def on_settings_changed(message: Message) -> None:
    """The organization has another time zone: days are cut anew."""
    with tenant_scope(message.organization_id):
        follow_settings()


@tenant_task(name="ledger.rule_use", queue="ledger")
def rule_use(*, organization_id: UUID) -> int:
    """Count what an organization's attribution rules decided."""
    return count_rule_use()


@shared_task(name="ledger.rule_use_all")
def rule_use_all() -> int:
    """Every hour: the list of rules says what each decided."""
    return fan_out(rule_use)


@shared_task(name="ledger.partitions")
def make_partitions() -> None:
    """Make the month partitions that are needed soon; late ones are made on demand."""
    month = month_of(clock.now().date() + timedelta(days=1))
    partitions.ensure(month.shift(number).start for number in range(_MONTHS_AHEAD))
