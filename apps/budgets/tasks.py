"""Telling the owner of a budget that it was changed, and watching budgets burn."""

from uuid import UUID

from celery import shared_task

from apps.budgets import events, services
from apps.budgets.models import Budget, BudgetEntry
from apps.notifications.services import notify
from apps.organizations.selectors import organization
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task
from apps.tenancy.urls import org_url

SCHEDULE = {"budgets.watch_all": 180.0}
"""Seconds: what arrived burns within minutes, or not at all."""


@handler(events.TOPIC_CHANGED)
def tell_owner(message: Message) -> None:
    """In the inbox only: every change is also in the trail and on the budget's page."""
    entry_id = message.payload["entry_id"]
    with tenant_scope(message.organization_id):
        budget = Budget.objects.get(id=UUID(message.payload["budget_id"]))
        if budget.owner_membership_id is None:
            return
        entry = BudgetEntry.objects.filter(id=UUID(entry_id)).first() if entry_id else None
        words = entry.get_kind_display().lower() if entry else "closed"
        notify(
            recipients=[budget.owner_membership_id],
            kind="budget.changed",
            key=f"budget:{budget.id}:{entry_id or 'closed'}",
            title=f"{budget.name}: {words}",
            body=f"{entry.note}\n{entry.actor_name}" if entry else "",
            path=org_url(organization().slug, "budgets:detail", budget_id=budget.id),
            email=False,
        )


@tenant_task(name="budgets.watch", queue="ledger")
def watch(*, organization_id: UUID) -> int:
    """Look at an organization's budgets; how many began to burn."""
    return services.watch().raised


@shared_task(name="budgets.watch_all")
def watch_all() -> int:
    """One task per organization."""
    return fan_out(watch)
