"""What filters offer: the values that were used lately, by axis, in one question."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import connection

from apps.ledger.enums import Axis
from apps.ledger.query.labels import names_of
from apps.ledger.query.plan import NOBODY
from apps.ledger.query.types import AXES
from apps.tenancy.scope import require_organization_id

_USED = (
    "SELECT axis, key FROM (SELECT r.axis, r.key, row_number() OVER (PARTITION BY r.axis "
    "ORDER BY sum(r.cost_nanos) DESC, sum(r.requests) DESC, r.key) AS place FROM rollup_axis r "
    "WHERE r.organization_id = %s AND r.axis = ANY(%s) AND r.day >= %s AND r.day < %s "
    "AND r.key <> %s GROUP BY r.axis, r.key) u WHERE u.place <= %s ORDER BY u.axis, u.place"
)


def used(
    names: Sequence[str], start: date, end: date, most: int
) -> dict[str, list[tuple[str, str]]]:
    """(value, label) of up to `most` values of each axis in [start, end), the dearest first.

    Of the whole organization: for those who see all of it.
    """
    numbers = {int(AXES[name]): name for name in names}
    keys: dict[str, list[UUID]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_USED, [require_organization_id(), list(numbers), start, end, NOBODY, most])
        for number, key in cursor.fetchall():
            keys[numbers[number]].append(key)
    found = {}
    for name in names:
        known = names_of(Axis(AXES[name]), keys[name]) if keys[name] else {}
        found[name] = [known[key] for key in keys[name] if key in known]
    return found
