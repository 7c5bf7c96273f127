"""Usage per dimension set and day, for previews of attribution rules."""

import json
from collections.abc import Iterator
from datetime import date

from apps.attribution.moves import Spend
from apps.attribution.rules import Dimensions
from apps.common.tokens import KINDS
from apps.ledger.models import MEASURES, DimensionSet
from apps.ledger.rules import keys
from apps.ledger.selectors import sums

_AT = {name: index for index, name in enumerate(MEASURES)}
_ASKED = tuple(name for name in keys.DIM_FIELDS if name != "context_window")


def read_spend(start: date, end: date) -> Iterator[Spend]:
    """Usage of [start, end) per set and day; the cost is None where none of it has a price."""
    known: dict[int, Dimensions] = {}
    found = list(sums.of_records(start, end))
    tags = dict(
        DimensionSet.objects.filter(id__in={row.dimset_id for row in found}).values_list(
            "id", "tags"
        )
    )
    for row in found:
        if row.dimset_id not in known:
            raw = tags[row.dimset_id]
            known[row.dimset_id] = Dimensions(
                tags=json.loads(raw) if isinstance(raw, str) else raw,
                **{name: row.dims[name] for name in _ASKED},
            )
        records, unpriced = row.measures[_AT["records"]], row.measures[_AT["unpriced_records"]]
        yield Spend(
            dims=known[row.dimset_id],
            day=row.day,
            tokens=sum(row.measures[: len(KINDS)]),
            requests=row.measures[_AT["requests"]],
            cost_nanos=None if records == unpriced else row.measures[_AT["cost_nanos"]],
        )
