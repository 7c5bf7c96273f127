"""What is spelled out for speed is in the order of what it stands for."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from apps.common.tokens import KINDS
from apps.ledger.rules import columns, keys
from apps.ledger.schema import UsageIn
from apps.ledger.services import stage

SOURCE = UUID(int=7)
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def usage(**values: object) -> UsageIn:
    return UsageIn(
        **({"occurred_at": NOW, "provider": "openai", "model": "gpt-4o", "event_id": "e"} | values)
    )


def test_the_dimensions_are_in_the_order_of_the_key() -> None:
    words = {name: f"{name}!" for name in keys.DIM_FIELDS if name != "phase"}
    found = columns.read([usage(**words, phase="testing")], SOURCE, accepted_at=NOW)
    assert found.dim_keys == [
        (tuple("testing" if name == "phase" else f"{name}!" for name in keys.DIM_FIELDS), ())
    ]


def test_the_counts_are_in_the_order_of_the_kinds() -> None:
    counts = {kind: number for number, kind in enumerate(KINDS, 1)}
    found = columns.read([usage(**counts)], SOURCE, accepted_at=NOW)
    assert found.counts.tolist() == [list(range(1, len(KINDS) + 1))]


def test_tags_tell_sets_apart() -> None:
    batch = [
        usage(event_id="1", tags={"b": "2", "a": "1"}),
        usage(event_id="2"),
        usage(event_id="3", tags={"a": "1", "b": "2"}),
        usage(event_id="4", model="gpt-5"),
    ]
    found = columns.read(batch, SOURCE, accepted_at=NOW)
    tags = [found.dim_keys[number][1] for number in found.local.tolist()]
    assert sorted(tags) == [(), (), (("a", "1"), ("b", "2")), (("a", "1"), ("b", "2"))]
    assert len(found.dim_keys) == 3


@pytest.mark.parametrize("wrong", [1.0, "1", None, -1])
def test_a_count_that_is_no_count_is_refused(wrong: object) -> None:
    found = columns.read([usage(output=wrong), usage(event_id="2")], SOURCE, accepted_at=NOW)
    assert [(error.index, error.field) for error in found.errors] == [(0, "output")]
    assert len(found) == 1


def test_records_in_time_order_keep_it_and_others_get_it() -> None:
    moments = [datetime(2026, 8, day, tzinfo=UTC) for day in (1, 2, 3)]
    sorted_ = [usage(occurred_at=at, event_id=str(at.day)) for at in moments]
    first = columns.read(sorted_, SOURCE, accepted_at=NOW)
    second = columns.read(sorted_[::-1], SOURCE, accepted_at=NOW)
    assert first.occurred.tolist() == second.occurred.tolist()
    assert first.key.tolist() == second.key.tolist()


def test_only_numbers_that_never_change_become_constants() -> None:
    assert stage._same("requests", np.array([1, 1, 1])) == "(1)::int4"
    assert stage._same("requests", np.array([1, 2, 1])) == ""
    assert stage._same("n", np.array([0])) == ""
    assert stage._same("record_key", np.zeros(2, "V16")) == ""
    assert stage._same("cost_nanos", np.array([-5, -5])) == "(-5)::int8"
