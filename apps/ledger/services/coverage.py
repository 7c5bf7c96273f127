"""How far each source's data goes, and when it last brought something."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.tenancy.scope import require_organization_id


def touch(source_id: UUID, *, data_as_of: datetime, last_occurred_at: datetime | None) -> None:
    """Note that a source brought something. The name comes with `mark_coverage`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO source_coverage (organization_id, source_id, name, data_as_of,
              last_occurred_at, expected_lag_seconds, is_active)
            VALUES (%s, %s, '', %s, %s, 10800, true)
            ON CONFLICT (organization_id, source_id) DO UPDATE SET updated_at = now(),
              data_as_of = greatest(source_coverage.data_as_of, excluded.data_as_of),
              last_occurred_at =
                greatest(source_coverage.last_occurred_at, excluded.last_occurred_at)""",
            [require_organization_id(), source_id, data_as_of, last_occurred_at],
        )


def mark_coverage(
    *,
    source_id: UUID,
    complete_through: datetime | None,
    name: str = "",
    expected_lag_seconds: int = 3 * 3600,
    is_active: bool = True,
    data_as_of: datetime | None = None,
) -> None:
    """State that a source's data is complete until an instant (needs a scope).

    Coverage never goes backwards; `expected_lag_seconds` is how late the source may be before it
    counts as lagging. A source that is switched off stays in the history and no longer lags.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO source_coverage (organization_id, source_id, name, complete_through,
              data_as_of, expected_lag_seconds, is_active)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (organization_id, source_id) DO UPDATE SET updated_at = now(),
              name = CASE WHEN excluded.name = '' THEN source_coverage.name ELSE excluded.name END,
              complete_through =
                greatest(source_coverage.complete_through, excluded.complete_through),
              data_as_of = greatest(source_coverage.data_as_of, excluded.data_as_of),
              expected_lag_seconds = excluded.expected_lag_seconds,
              is_active = excluded.is_active""",
            [
                require_organization_id(),
                source_id,
                name,
                complete_through,
                data_as_of,
                expected_lag_seconds,
                is_active,
            ],
        )
