"""Celery tasks that belong to an organization."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from celery import Task, shared_task

from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope


def tenant_task(
    *, name: str, queue: str = "default", scoped: bool = True, **options: Any
) -> Callable[[Callable[..., Any]], Task]:
    """A task that takes an explicit keyword `organization_id` and runs in its scope.

    Payloads are ids, never objects. A task is repeated when its worker dies (late
    acknowledgement), so its body is idempotent. `scoped=False` for bodies that talk to the
    network: they open short scopes of their own.
    """

    def decorate(function: Callable[..., Any]) -> Task:
        @wraps(function)
        def run(*, organization_id: str, **payload: Any) -> Any:
            if not scoped:
                return function(organization_id=UUID(organization_id), **payload)
            with tenant_scope(organization_id):
                return function(organization_id=UUID(organization_id), **payload)

        return shared_task(
            name=name, queue=queue, acks_late=True, reject_on_worker_lost=True, **options
        )(run)

    return decorate


def fan_out(task: Task, **payload: Any) -> int:
    """Enqueue the task once per active organization; the number of them."""
    organizations = doors.active_organizations()
    for organization_id in organizations:
        task.delay(organization_id=str(organization_id), **payload)
    return len(organizations)
