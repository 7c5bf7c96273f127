"""The one query service: every path to a figure gives the same figure."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.common import clock
from apps.common.errors import Invalid
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.query import (
    GROUPINGS,
    Query,
    costs,
    costs_by,
    over_time,
    run,
    side_by_side,
    side_by_side_by,
)
from tests.factories.ledger import AT, price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
NOVEMBER = {"start": date(2026, 11, 1), "end": date(2026, 12, 1), "people": True}


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        core, apps = world.a.units["core"], world.a.units["apps"]
        make_capability("Search", slug="search", unit_id=core.id, kind="production")
        make_capability("Triage", slug="triage", unit_id=apps.id, kind="pipeline")
        take(
            [
                usage(capability="search", phase="testing", user="ada", api_key_id="k1"),
                usage(capability="search", api_key_id="k2", occurred_at=AT + timedelta(days=8)),
                usage(capability="triage", user="bob", api_key_id="k1", input_uncached=10_000),
                usage(capability="triage", model="m2", provider="other", service_tier="batch"),
                usage(user="ada", cost=Decimal(2)),
            ]
        )
        yield world.a


def rows(**query):
    return run(Query(**{**NOVEMBER, **query})).rows


def test_every_grouping_sums_to_the_same_total(side):
    pairs = {
        tuple(dict.fromkeys(name for name in pair if name))
        for pair in itertools.product([None, *GROUPINGS], [None, "unit", "model", "user"])
    }
    for group_by, grain in itertools.product(sorted(pairs), ("total", "day", "month")):
        result = run(Query(**NOVEMBER, group_by=group_by, grain=grain))
        assert sum(row.cost_nanos or 0 for row in result.rows) == result.total.cost_nanos
        assert result.total.cost_nanos == 2_026_400_000
        assert sum(row.tokens.total for row in result.rows) == result.total.tokens.total == 14_500
        assert result.total.unpriced_tokens == 1_100
        assert sum(row.records for row in result.rows) == result.total.records == 5


WINDOWS = [
    (date(2026, 11, 1), date(2026, 12, 1)),
    (AT.date(), AT.date() + timedelta(days=1)),
    (AT.date() + timedelta(days=1), date(2026, 12, 1)),
    (date(2026, 11, 9), date(2026, 11, 9)),
    (date(2025, 1, 1), date(2025, 2, 1)),
]


@pytest.mark.parametrize("filters", [{}, {"provider": ["other"]}, {"model": ["m1", "m2"]}])
def test_windows_side_by_side_are_those_of_single_questions(side, filters):
    groups = ("unit", "model", "confidence")
    together = side_by_side_by(Query(**NOVEMBER, filters=filters), WINDOWS, groups)
    for group in (*groups, "kind", "user"):
        query = Query(**NOVEMBER, group_by=(group,), filters=filters, limit=2)
        found = side_by_side(query, WINDOWS)
        alone = [run(replace(query, start=first, end=last)).rows for first, last in WINDOWS]
        assert found == alone
        if group in groups:
            assert [rows[:2] for rows in together[group]] == alone
    assert any(together["unit"][1])


@pytest.mark.parametrize("filters", [{}, {"user": ["ada", "bob"]}])
@pytest.mark.parametrize("grain", ["total", "day", "week", "hour"])
def test_costs_alone_are_those_of_the_rows(side, grain, filters):
    query = Query(**NOVEMBER, grain=grain, filters=filters)
    together = costs_by(query, ("unit", "model"))
    for group in ("unit", "model"):
        asked = Query(**NOVEMBER, grain=grain, group_by=(group,), filters=filters)
        told = {(row.keys, row.period): row.cost_nanos or 0 for row in run(asked).rows}
        assert costs(asked) == together[group] == told


def test_periods_added_up_are_the_whole(side):
    for group in ("unit", "model", "kind"):
        whole = run(Query(**NOVEMBER, group_by=(group,)))
        added = over_time(run(Query(**NOVEMBER, group_by=(group,), grain="day")))
        assert (added.rows, added.total) == (whole.rows, whole.total)


def test_hours_and_days_agree(side):
    hours, days = rows(grain="hour", group_by=("user",)), rows(grain="day", group_by=("user",))
    assert sum(row.cost_nanos or 0 for row in hours) == sum(row.cost_nanos or 0 for row in days)
    assert hours[0].period.minute == 0


def test_names_keys_and_what_is_missing(side):
    found = {row.keys: (row.labels, row.cost_nanos) for row in rows(group_by=("capability",))}
    assert {labels[0] for labels, _ in found.values()} == {"Search", "Triage", "No capability"}
    assert found[None,] == (("No capability",), 2_000_000_000)
    kinds = {row.keys[0]: row.labels[0] for row in rows(group_by=("kind",))}
    assert set(kinds) == {"production", "pipeline", None}
    assert {row.keys[0] for row in rows(group_by=("service_tier",))} == {None, "batch"}


def test_nothing_priced_is_unknown_not_zero(side):
    row = rows(filters={"model": ["m2"]})[0]
    assert (row.cost_nanos, row.unpriced_tokens, row.unpriced_requests) == (None, 1_100, 1)
    assert rows(filters={"model": ["never-used"]}) == []
    assert run(Query(**NOVEMBER, filters={"model": ["never-used"]})).total.cost_nanos == 0


def test_filters_meet_and_empty_ones_accept_nothing(side):
    core = str(side.units["core"].id)
    assert run(Query(**NOVEMBER, filters={"unit": [core]})).total.records == 2
    assert run(Query(**NOVEMBER, filters={"unit": [core], "phase": ["testing"]})).total.records == 1
    assert run(Query(**NOVEMBER, filters={"unit": [""]})).total.records == 1
    assert run(Query(**NOVEMBER, filters={"unit": []})).total.records == 0
    assert run(Query(**NOVEMBER, filters={"kind": ["pipeline"]})).total.records == 2
    seen = frozenset({side.units["apps"].id})
    assert run(Query(**NOVEMBER, unit_ids=seen)).total.records == 2
    assert run(Query(**NOVEMBER, unit_ids=seen, filters={"unit": [core]})).total.records == 0
    assert run(Query(**NOVEMBER, unit_ids=frozenset())).total.records == 0


def test_order_and_limit_keep_whole_groups_and_the_whole_total(side):
    result = run(Query(**NOVEMBER, group_by=("user",), grain="day", limit=1))
    assert {row.keys for row in result.rows} == {("ada",)}
    assert (result.groups, result.total.records) == (3, 5)
    labels = [row.labels[0] for row in rows(group_by=("user",), order="label")]
    assert labels == sorted(labels, key=str.lower)
    by_tokens = rows(group_by=("capability",), order="-tokens")
    assert by_tokens[0].labels == ("Triage",)


def test_weeks_begin_on_monday(side):
    assert [row.period for row in rows(grain="week")] == [date(2026, 11, 2), date(2026, 11, 9)]


def test_confidence_is_the_share_of_known_cost(side):
    shares = run(Query(**NOVEMBER)).confidence
    assert shares["none"] == pytest.approx(2_000_000_000 / 2_026_400_000)
    assert sum(shares.values()) == pytest.approx(1)


def test_coverage_says_who_is_late_and_since_when(side):
    source, now = uuid7(), clock.now()
    services.mark_coverage(source_id=source, complete_through=now, name="OpenAI")
    late = uuid7()
    services.mark_coverage(
        source_id=late,
        complete_through=now - timedelta(hours=5),
        name="Anthropic",
        expected_lag_seconds=3600,
    )
    services.mark_coverage(source_id=late, complete_through=now - timedelta(hours=9))
    coverage = run(Query(**NOVEMBER)).coverage
    assert coverage.complete_through == now - timedelta(hours=5)
    assert [(s.name, s.status) for s in coverage.lagging] == [("Anthropic", "lagging")]
    statuses = {s.name: s.status for s in coverage.sources}
    assert statuses["OpenAI"] == "ok"
    services.mark_coverage(source_id=late, complete_through=None, is_active=False)
    assert run(Query(**NOVEMBER)).coverage.complete_through == now


@pytest.mark.parametrize(
    "query",
    [
        {"group_by": ("colour",)},
        {"group_by": ("unit", "model", "user")},
        {"group_by": ("unit", "unit")},
        {"filters": {"colour": ["red"]}},
        {"filters": {"unit": ["not-a-uuid"]}},
        {"order": "colour"},
        {"grain": "decade"},
        {"grain": "hour", "start": date(2026, 1, 1)},
    ],
)
def test_a_question_without_sense_is_refused_with_its_place(side, query):
    with pytest.raises(Invalid) as caught:
        run(Query(**{**NOVEMBER, **query}))
    assert caught.value.errors[0].field
