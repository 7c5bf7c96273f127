"""What filters offer: the values that were used lately, by axis, in one question."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import connection

from apps.ledger.query.labels import names_of, worded
from apps.ledger.query.plan import NOBODY
from apps.ledger.query.types import AXES
from apps.ledger.rules.axes import ENTITY_AXES
from apps.tenancy.scope import require_organization_id

_USED = (
    "SELECT u.axis, u.key, d.value, d.label FROM (SELECT r.axis, r.key, row_number() OVER "
    "(PARTITION BY r.axis ORDER BY sum(r.cost_nanos) DESC, sum(r.requests) DESC, r.key) AS place "
    "FROM rollup_axis r WHERE r.organization_id = %(org)s AND r.axis = ANY(%(axes)s) "
    "AND r.day >= %(start)s AND r.day < %(end)s AND r.key <> %(nobody)s GROUP BY r.axis, r.key) u "
    "LEFT JOIN dimension_value d ON d.organization_id = %(org)s AND d.axis = u.axis "
    "AND d.key = u.key WHERE u.place <= %(most)s ORDER BY u.axis, u.place"
)


def used(
    names: Sequence[str], start: date, end: date, most: int
) -> dict[str, list[tuple[str, str]]]:
    """(value, label) of up to `most` values of each axis in [start, end), the dearest first.

    Of the whole organization: for those who see all of it.
    """
    asked = {int(AXES[name]): name for name in names}
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    objects: dict[str, list[UUID]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _USED,
            {
                "org": require_organization_id(),
                "axes": list(asked),
                "start": start,
                "end": end,
                "nobody": NOBODY,
                "most": most,
            },
        )
        for number, key, value, label in cursor.fetchall():
            name = asked[number]
            if AXES[name] in ENTITY_AXES:
                objects[name].append(key)
            elif value is not None:
                found[name].append(worded(AXES[name], value, label))
    for name, keys in objects.items():
        known = names_of(AXES[name], keys)
        found[name] = [known[key] for key in keys]
    return found
