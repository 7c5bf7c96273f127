"""Use against tiers and entitlements, day by day; input of single calls against the limit."""

from datetime import UTC, date, datetime

import pytest

from apps.access.roles import Role
from apps.entitlements import services
from apps.entitlements.enums import Within
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.context import context_lines
from apps.entitlements.selectors.use import use
from apps.ledger.schema import RunIn
from apps.pricing.services import set_standing
from tests.factories.ledger import take, usage

pytestmark = pytest.mark.django_db
START, END = date(2026, 11, 1), date(2026, 12, 1)
ONE = 14_000_000
"""1,000 tokens in at 10 a million, 100 out at 40."""
CHEAP = 2_800_000


def report(desk, units=None):
    with desk.org.scope():
        return use(START, END, units)


def sums(found):
    return {w.value: (found.total(w).tokens, found.total(w).cost_nanos) for w in Within}


def test_each_day_is_held_against_that_day(desk):
    for day in (5, 12, 13):
        desk.used(day)
    desk.used(12, model="m1")
    assert sums(report(desk)) == {
        "tier": (1_100, CHEAP),
        "entitled": (0, 0),
        "outside": (3_300, 3 * ONE),
    }
    desk.answer(desk.ask(ends_on=date(2026, 11, 12)))
    found = report(desk)
    assert sums(found) == {
        "tier": (1_100, CHEAP),
        "entitled": (1_100, ONE),
        "outside": (2_200, 2 * ONE),
    }
    with desk.org.scope():
        row = Entitlement.objects.get()
    assert found.by_entitlement[row.id].tokens == 1_100
    assert found.unused == []
    big = next(line for line in found.lines if line.model == "big")
    assert (big.unit_id, big.provider, big.model_class) == (str(desk.team), "acme", "frontier")
    assert big.capabilities == {"Claims"}


def test_a_held_one_that_nobody_needed_is_unused(desk):
    desk.answer(desk.ask())
    desk.used(12, model="m1")
    found = report(desk)
    assert [one.capability_id for one in found.unused] == [desk.capability.id]


def test_a_person_takes_theirs_along_and_is_counted_once(desk):
    desk.answer(desk.ask(to={"user": "ada", "capability_id": None}))
    desk.used(12, user="ada")
    desk.used(12, user="bob")
    assert sums(report(desk)) == {
        "tier": (0, 0),
        "entitled": (1_100, ONE),
        "outside": (1_100, ONE),
    }
    with desk.org.scope():
        services.set_tier(actor=desk.org.actor(Role.EA), user="bob", tier="heavy", version=0)
    assert sums(report(desk))["outside"] == (0, 0)
    assert sums(report(desk))["tier"] == (1_100, ONE)


def test_a_teams_entitlement_covers_what_is_below_it_and_standings_count(desk):
    desk.answer(desk.ask(to={"capability_id": None}))
    desk.used(12)
    with desk.org.scope():
        set_standing(
            actor=desk.org.actor(Role.EA),
            provider="acme",
            model="m1",
            standing="restricted",
            note="No contract.",
        )
    desk.used(13, model="m1")
    assert sums(report(desk)) == {
        "tier": (0, 0),
        "entitled": (1_100, ONE),
        "outside": (1_100, CHEAP),
    }


def test_only_units_in_sight_are_counted(desk):
    desk.used(12)
    assert report(desk, frozenset()).lines == []
    assert len(report(desk, frozenset({desk.team})).lines) == 1


def test_context_of_single_calls_against_the_limit(desk):
    at = datetime(2026, 11, 18, 12, tzinfo=UTC)
    with desk.org.scope():
        take(
            [
                usage(
                    occurred_at=at,
                    capability=desk.capability.slug,
                    input_uncached=tokens,
                    cache_read=1_000,
                    run=RunIn(id=f"run-{number // 2}"),
                )
                for number, tokens in enumerate([9_000] * 19 + [60_000])
            ]
        )

    def line():
        with desk.org.scope():
            return context_lines(desk.org.actor(Role.EA))[0]

    found = line()
    assert (found.limit, found.by, found.designed) == (32_000, None, None)
    assert (found.inputs.calls, found.p95, found.largest, found.inputs.over) == (
        20,
        10_000,
        61_000,
        1,
    )
    assert found.state == "within"
    with desk.org.scope():
        take(
            [
                usage(
                    occurred_at=at,
                    capability=desk.capability.slug,
                    input_uncached=59_000,
                    run=RunIn(id="run-11"),
                )
            ]
        )
    assert (line().p95, line().state) == (59_000, "over")
    desk.answer(desk.ask(gives="context"))
    found = line()
    assert (found.limit, found.state) == (200_000, "within")
    assert found.by is not None
