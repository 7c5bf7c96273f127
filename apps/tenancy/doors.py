"""The only reads across organizations: functions of the doors role, one Python wrapper each.

The SQL is written by the app that owns the tables (`apps.organizations`, `apps.outbox`,
`apps.ledger`); the catalogue test compares DOORS with the database.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

DOORS = (
    "org_for_member(text, uuid)",
    "memberships_of(uuid)",
    "org_for_api_key(text)",
    "org_for_invitation(text)",
    "org_for_support(text)",
    "any_organization()",
    "active_organizations()",
    "organizations_with_due_outbox(integer)",
    "organizations_with_webhooks()",
    "ledger_ensure_partition(date)",
    "ledger_prune_day(date)",
)


@dataclass(frozen=True, slots=True)
class Belonging:
    """One organization a person belongs to."""

    organization_id: UUID
    slug: str
    name: str


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def org_for_member(slug: str, user_id: UUID) -> UUID | None:
    """The organization of this slug if the person is an active member of it."""
    rows = _rows("SELECT tenancy.org_for_member(%s, %s)", slug, user_id)
    return rows[0][0]


def memberships_of(user_id: UUID) -> list[Belonging]:
    """Every organization the person is an active member of, by name."""
    rows = _rows(
        "SELECT organization_id, slug, name FROM tenancy.memberships_of(%s) ORDER BY name, slug",
        user_id,
    )
    return [Belonging(*row) for row in rows]


def org_for_api_key(key_hash: str) -> UUID | None:
    """The organization of a live API key, looked up by the hash of its secret."""
    return _rows("SELECT tenancy.org_for_api_key(%s)", key_hash)[0][0]


def org_for_invitation(token_hash: str) -> UUID | None:
    """The organization of an open invitation, looked up by the hash of its token."""
    return _rows("SELECT tenancy.org_for_invitation(%s)", token_hash)[0][0]


def org_for_support(slug: str) -> UUID | None:
    """The active organization of this slug, for staff of the installation who give a reason."""
    return _rows("SELECT tenancy.org_for_support(%s)", slug)[0][0]


def any_organization() -> bool:
    """Whether any organization exists: the first-run page closes when one does."""
    return bool(_rows("SELECT tenancy.any_organization()")[0][0])


def active_organizations() -> list[UUID]:
    """Every active organization, for the fan-out of scheduled work."""
    return [row[0] for row in _rows("SELECT tenancy.active_organizations()")]


def organizations_with_due_outbox(limit: int) -> list[UUID]:
    """Organizations with a message that is due, oldest first."""
    return [row[0] for row in _rows("SELECT tenancy.organizations_with_due_outbox(%s)", limit)]


def organizations_with_webhooks() -> list[UUID]:
    """Organizations with an active webhook: their trail is read for it."""
    return [row[0] for row in _rows("SELECT tenancy.organizations_with_webhooks()")]
