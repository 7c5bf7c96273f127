"""The scope: which organization's rows exist, for this thread and this transaction.

The setting is local to a transaction, because one of the session leaks to the next user of a
pooled connection. On exit inside an outer transaction it is cleared again: what a savepoint set
survives its release (and is undone by its rollback, when the scope ends with an error).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection, transaction

from apps.tenancy.errors import ScopeError, TenantScopeRequired

_current: ContextVar[UUID | None] = ContextVar("tokenops_organization", default=None)


def current_organization_id() -> UUID | None:
    """The organization of the open scope, or None."""
    return _current.get()


def require_organization_id() -> UUID:
    """The organization of the open scope; TenantScopeRequired without one."""
    organization_id = _current.get()
    if organization_id is None:
        raise TenantScopeRequired(
            "no tenant scope is open: wrap the code in tenant_scope(organization_id)"
        )
    return organization_id


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization_id', %s, true)", [value])


@contextmanager
def scope_of_nobody() -> Iterator[None]:
    """Let managers build queries where no organization is meant, without touching the database.

    For descriptions (OpenAPI): the database is told nothing, so a query that did run would find no
    row. Raises ScopeError inside an organization's scope.
    """
    if (open_scope := _current.get()) is not None:
        raise ScopeError(f"scope of {open_scope} is open")
    token = _current.set(UUID(int=0))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def tenant_scope(organization_id: UUID | str) -> Iterator[UUID]:
    """Open a transaction in which only this organization's rows exist.

    Nested in the same organization it is a no-op; in another one it raises ScopeError. Never do
    network I/O inside: the transaction holds a connection.
    """
    wanted = organization_id if isinstance(organization_id, UUID) else UUID(organization_id)
    open_scope = _current.get()
    if open_scope is not None:
        if open_scope != wanted:
            raise ScopeError(f"scope of {open_scope} is open; {wanted} must wait for its end")
        yield wanted
        return
    with transaction.atomic():
        outer = len(connection.savepoint_ids) > 0
        _set(str(wanted))
        token = _current.set(wanted)
        try:
            yield wanted
        finally:
            _current.reset(token)
        if outer and not connection.needs_rollback:
            _set("")
