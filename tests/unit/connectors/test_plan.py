"""Which window a run reads, how long a failing source rests, one word for its state."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from apps.connectors import rules
from apps.connectors.enums import Health, RunKind

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
EDGE = datetime(2026, 11, 23, 12, tzinfo=UTC)


def plan(**given):
    base = {"history_from": date(2026, 7, 26), "settled_through": None, "reread_at": None}
    return rules.plan(**{**base, "now": NOW, **given})


def test_history_is_cut_into_windows_without_gap_or_overlap():
    settled, windows = None, []
    while True:
        found = plan(settled_through=settled)
        windows.append(found)
        settled = rules.settled_after(found.end, NOW)
        if not found.more:
            break
    assert windows[0].start == datetime(2026, 7, 26, tzinfo=UTC)
    assert all(a.end == b.start for a, b in itertools.pairwise(windows))
    assert windows[-1].end == EDGE
    assert {found.kind for found in windows[:-1]} == {RunKind.BACKFILL}
    assert settled == EDGE - timedelta(hours=72)


def test_an_hour_is_read_fifteen_minutes_after_its_end():
    for minute, edge in ((14, 11), (15, 12), (59, 12)):
        found = plan(settled_through=EDGE - timedelta(days=3), now=NOW.replace(minute=minute))
        assert found.end == NOW.replace(hour=edge, minute=0)


def test_what_may_still_be_restated_is_read_again():
    found = plan(settled_through=EDGE - timedelta(hours=72), reread_at=NOW)
    assert (found.kind, found.start, found.end) == (RunKind.PULL, EDGE - timedelta(hours=72), EDGE)


def test_a_month_is_read_again_after_a_day_but_not_while_behind():
    day_ago = NOW - timedelta(days=1)
    found = plan(settled_through=EDGE - timedelta(hours=72), reread_at=day_ago)
    assert (found.kind, found.start) == (RunKind.REREAD, EDGE - timedelta(days=31))
    found = plan(settled_through=EDGE - timedelta(days=40), reread_at=day_ago)
    assert found.kind == RunKind.BACKFILL


def test_history_beginning_today_is_an_empty_window_at_most():
    found = plan(history_from=date(2026, 11, 24))
    assert found.is_empty


@pytest.mark.parametrize(
    ("end", "days"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), (date(2026, 11, 20), date(2026, 11, 24))),
        (datetime(2026, 11, 23, tzinfo=UTC), (date(2026, 11, 20), date(2026, 11, 23))),
    ],
)
def test_bill_days_of_a_window(end, days):
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert rules.Plan(RunKind.PULL, start, end, more=False).cost_days == days


@pytest.mark.parametrize(
    ("failures", "schedule", "asked", "pause"),
    [
        (1, 15, None, timedelta(minutes=15)),
        (2, 15, None, timedelta(minutes=30)),
        (20, 15, None, timedelta(hours=2)),
        (1, 5, None, timedelta(minutes=5)),
        (1, 1440, None, timedelta(minutes=15)),
        (1, 15, 5400, timedelta(seconds=5400)),
    ],
)
def test_backoff_between_runs(failures, schedule, asked, pause):
    assert rules.backoff_after(failures, schedule, asked) == pause


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, Health.FRESH),
        ({"cursor": EDGE - timedelta(hours=3)}, Health.LATE),
        ({"cursor": None}, Health.WAITING),
        ({"settled_through": EDGE - timedelta(days=60)}, Health.CATCHING_UP),
        ({"failures": 2}, Health.FAILING),
        ({"failures": 2, "status": "paused"}, Health.PAUSED),
        ({"status": "blocked"}, Health.BLOCKED),
        ({"pulled": False, "cursor": None}, Health.FRESH),
    ],
)
def test_health(given, word):
    base = {
        "status": "active",
        "pulled": True,
        "cursor": EDGE,
        "failures": 0,
        "schedule_minutes": 15,
        "settled_through": EDGE - timedelta(hours=72),
        "now": NOW,
    }
    assert rules.health(**{**base, **given}) == word


def test_progress():
    assert rules.progress(date(2026, 11, 3), None, NOW) == 0
    assert rules.progress(date(2026, 11, 3), EDGE, NOW) == 1
    half = datetime(2026, 11, 13, 6, tzinfo=UTC)
    assert rules.progress(date(2026, 11, 3), half, NOW) == pytest.approx(0.5)
