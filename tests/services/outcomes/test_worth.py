"""What a capability costs and gives: the comparison, its confidence, who sees it."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import NotFound
from apps.common.money import NANOS
from apps.outcomes.enums import Basis, Standing, Unknown
from apps.outcomes.selectors.worth import trend, worth_in_sight, worth_of
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend
from tests.services.outcomes.conftest import APPROVED, NOW, monthly

pytestmark = pytest.mark.django_db


def one(running):
    with clock.at(NOW):
        return worth_of(running.cio, running.capability.id)


def test_a_cost_below_the_expected_value_is_worth_it_and_not_called_measured(running):
    running.use(1_500)
    worth = one(running)
    assert (worth.standing, worth.basis) == (Standing.WORTH, Basis.PARTLY)
    assert worth.given.cost_per_outcome == 1_500_000_000
    assert worth.lost_nanos == -500 * NANOS
    assert worth.given.units_per_million == 1_000


def test_a_report_of_less_makes_the_same_cost_a_measured_loss(running):
    running.use(1_500)
    running.report("-600")
    worth = one(running)
    assert (worth.standing, worth.basis) == (Standing.NOT_WORTH, Basis.MEASURED)
    assert worth.given.cost_per_outcome == 2_500_000_000
    assert worth.lost_nanos == 300 * NANOS


def test_building_testing_and_older_use_are_not_in_it(running):
    running.use(1_500)
    running.use(9_000, phase="development")
    running.use(9_000, phase="testing")
    running.use(9_000, days=30)
    assert one(running).given.cost_nanos == 1_500 * NANOS


def test_a_capability_of_development_runs_by_building(running):
    running.capability.kind = "development"
    running.capability.save(update_fields=["kind"])
    running.use(1_500, phase="development")
    assert one(running).given.cost_nanos == 1_500 * NANOS


def test_what_cannot_be_compared_says_why(running, desk):
    assert one(running).unknown is Unknown.IDLE
    with clock.at(APPROVED):
        bare = make_capability("Bare", unit_id=desk.unit_id)
        vague = make_capability("Vague", unit_id=desk.unit_id)
        desk.approved(capability_id=vague.id, value_money_nanos=None)
    spend(NOW.date(), NANOS, capability="bare")
    with clock.at(NOW):
        found = {w.capability.name: w.unknown for w in worth_in_sight(running.cio)}
        assert worth_of(running.cio, bare.id).cost_nanos == NANOS
    assert found == {
        "Bare": Unknown.NO_STORY,
        "Claims chat": Unknown.IDLE,
        "Vague": Unknown.NO_MONEY,
    }


def test_use_without_a_price_is_no_cost_of_nothing(running):
    running.use(1_500)
    spend_unpriced(running)
    worth = one(running)
    assert (worth.unknown, worth.given) == (Unknown.UNPRICED, None)


def spend_unpriced(running):
    from apps.ledger.schema import UsageIn
    from apps.ledger.services.ingest import ingest
    from apps.tenancy.scope import require_organization_id
    from tests.factories.usage import SOURCE

    made = ingest(
        organization_id=require_organization_id(),
        source_id=SOURCE,
        batch=[
            UsageIn(
                occurred_at=NOW - dt.timedelta(days=4),
                provider="openai",
                model="no-such-model",
                event_id="unpriced",
                input_uncached=100,
                phase="production",
                capability=running.capability.slug,
            )
        ],
    )
    assert made.new == 1


def test_before_it_runs_the_estimate_stands_in(running, desk):
    with clock.at(APPROVED):
        planned = make_capability("Planned", unit_id=desk.unit_id)
        desk.approved(**monthly(capability_id=planned.id))
    with clock.at(NOW):
        worth = worth_of(running.cio, planned.id)
    assert worth.basis is Basis.ESTIMATED
    assert worth.given.cost_nanos == 2_538_174_240_000
    assert worth.lost_nanos == 538_174_240_000


def test_an_amended_expectation_needs_a_new_report(running, desk):
    running.use(1_500)
    running.report("-600")
    with clock.at(NOW):
        desk.decide(desk.resubmitted(running.story, value_change=Decimal(-800)), "approve")
    worth = one(running)
    assert (worth.basis, worth.given.units) == (Basis.PARTLY, 800)


def test_the_list_begins_with_what_loses_most(running, desk):
    running.use(2_100)
    with clock.at(APPROVED):
        other = make_capability("Other", unit_id=desk.unit_id)
        desk.approved(**monthly(capability_id=other.id))
    spend(NOW.date(), 9_000 * NANOS, capability="other")
    with clock.at(NOW):
        found = [(w.capability.name, w.lost_nanos // NANOS) for w in worth_in_sight(running.cio)]
    assert found == [("Other", 7_000), ("Claims chat", 100)]


def test_who_does_not_see_the_unit_sees_nothing(running, world):
    running.use(2_100)
    other = world.a.person(Role.UNIT_LEAD, unit="claims").actor
    with clock.at(NOW):
        assert worth_in_sight(other) == []
        with pytest.raises(NotFound):
            worth_of(other, running.capability.id)


def test_the_trend_has_whole_months_since_the_approval(running):
    for days, dollars in ((5, 9), (30, 1_000), (60, 4_000), (100, 9)):
        running.use(dollars, days=days)
    with clock.at(NOW):
        months = trend(worth_of(running.cio, running.capability.id))
    assert [(str(m.month), m.given.cost_per_outcome) for m in months] == [
        ("2026-09", 4_000_000_000),
        ("2026-10", 1_000_000_000),
    ]
