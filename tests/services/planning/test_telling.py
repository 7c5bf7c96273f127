"""Leads hear of a cycle three times at most; stories in other currencies are converted or told."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.notifications.models import Notification
from apps.notifications.services import choose
from apps.outbox.models import OutboxMessage
from apps.planning import services
from apps.planning.models import PlanningCycle
from apps.planning.selectors.standing import standing
from apps.pricing.fx.services import import_rates
from apps.stories.models import TokenStory
from tests.factories.planning import envelope_of, make_cycle
from tests.factories.stories import make_prices, make_submitted

NANOS = 1_000_000_000
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
PLANNED = 3 * 2_538_174_240_000
"""What the factory's story plans in the second quarter of 2027, in nanos."""


@pytest.fixture
def side(world):
    a = world.a
    for role in (Role.CFO, Role.CIO, Role.VIEWER):
        a.person(role)
    for unit in ("platform", "claims"):
        a.person(Role.UNIT_LEAD, unit)
    with clock.at(NOW), a.scope():
        yield a


def lead(side, unit):
    return side.person(Role.UNIT_LEAD, unit).membership.id


def told(what):
    rows = Notification.objects.filter(kind=f"budget.cycle_{what}")
    return {row.membership_id: (row.title, row.body) for row in rows}


def test_the_leads_of_the_teams_that_plan_hear_of_an_open_cycle(side):
    cycle = make_cycle(side.units["platform"].id, requests_until=date(2027, 2, 28))
    assert told("opened") == {
        lead(side, "platform"): (
            "2027 Q2 is open for planning",
            "Say until 28 February 2027 what Platform needs over 1 Apr – 30 Jun 2027. What their "
            "stories plan is suggested.",
        )
    }
    services.add_envelope(
        actor=side.actor(Role.CIO), cycle_id=cycle.id, unit_id=side.units["claims"].id
    )
    assert set(told("opened")) == {lead(side, "platform"), lead(side, "claims")}
    with pytest.raises(Conflict):
        services.add_envelope(
            actor=side.actor(Role.CIO), cycle_id=cycle.id, unit_id=side.units["claims"].id
        )
    assert Notification.objects.filter(kind="budget.cycle_opened").count() == 2


def test_one_message_for_somebody_who_leads_several_teams(side):
    make_cycle(*(side.units[name].id for name in ("engineering", "core", "platform")))
    ((person, (_, body)),) = told("opened").items()
    assert person == lead(side, "platform")
    assert body.startswith("Say until 31 March 2027 what Core and Platform need over ")


def test_a_cycle_about_to_close_is_told_once_with_what_was_asked(side):
    cycle = make_cycle(
        side.units["platform"].id, side.units["claims"].id, requests_until=date(2027, 2, 28)
    )
    row = envelope_of(cycle, side.units["claims"].id)
    services.request_envelope(
        actor=side.actor(Role.UNIT_LEAD, "claims"),
        envelope_id=row.id,
        version=1,
        amount_nanos=4_000 * NANOS,
    )
    assert services.remind_closing() == 0
    with clock.at(datetime(2027, 2, 21, 6, tzinfo=UTC)):
        assert [services.remind_closing(), services.remind_closing()] == [1, 0]
    title = "2027 Q2 takes requests until 28 February 2027"
    assert told("closing") == {
        lead(side, "platform"): (title, "Platform has not asked for anything yet."),
        lead(side, "claims"): (title, "Claims asked for $4,000."),
    }


def test_a_cycle_past_its_day_or_locked_is_not_told_as_closing(side):
    cycle = make_cycle(side.units["platform"].id)
    assert cycle.closes_on == date(2027, 3, 31)
    with clock.at(datetime(2027, 4, 1, 6, tzinfo=UTC)):
        assert services.remind_closing() == 0
    _give(side, cycle, 10)
    services.lock_cycle(actor=side.actor(Role.CIO), cycle_id=cycle.id, version=1)
    with clock.at(datetime(2027, 3, 30, 6, tzinfo=UTC)):
        assert services.remind_closing() == 0
    assert told("closing") == {}


def _give(side, cycle, amount):
    row = envelope_of(cycle, side.units["platform"].id)
    services.allocate_envelope(
        actor=side.actor(Role.CFO),
        envelope_id=row.id,
        version=row.version,
        amount_nanos=amount * NANOS,
    )


def test_the_lock_says_what_each_team_has_and_a_refused_one_says_nothing(side):
    cycle = make_cycle(side.units["platform"].id)
    with pytest.raises(Invalid):
        services.lock_cycle(actor=side.actor(Role.CIO), cycle_id=cycle.id, version=1)
    _give(side, cycle, 9_000)
    with pytest.raises(Forbidden):
        services.lock_cycle(actor=side.actor(Role.VIEWER), cycle_id=cycle.id, version=1)
    assert told("locked") == {}
    services.lock_cycle(actor=side.actor(Role.CIO), cycle_id=cycle.id, version=1)
    assert told("locked") == {
        lead(side, "platform"): (
            "2027 Q2 is locked",
            "Platform has $9,000.\nFrom now on a budget request changes it.",
        )
    }


def test_e_mail_follows_what_a_person_chose(side):
    choose(actor=side.actor(Role.UNIT_LEAD, "claims"), emails={"budget": "never"})
    make_cycle(side.units["platform"].id, side.units["claims"].id)
    states = dict(Notification.objects.values_list("membership_id", "email_state"))
    assert states[lead(side, "platform")] == "waiting"
    assert states[lead(side, "claims")] == "none"
    assert OutboxMessage.objects.filter(topic="notification.email").count() == 1


def test_a_last_day_after_the_cycle_is_refused_and_nothing_is_written(side):
    with pytest.raises(Invalid) as error:
        make_cycle(side.units["platform"].id, requests_until=date(2027, 7, 1))
    assert [e.field for e in error.value.errors] == ["requests_until"]
    assert (PlanningCycle.objects.count(), Notification.objects.count()) == (0, 0)


@pytest.fixture
def foreign(side):
    """A story of the team in euros."""
    make_prices()
    story = make_submitted(side.actor(Role.UNIT_LEAD), side.units["platform"].id)
    TokenStory.objects.filter(id=story.id).update(currency="EUR")
    return make_cycle(side.units["platform"].id)


def test_a_story_in_another_currency_is_told_while_there_is_no_rate(side, foreign):
    (row,) = standing(side.actor(Role.CFO), foreign).rows
    assert (row.suggested, row.converted) == (None, [])
    (story,) = row.left_out
    assert (story.own_nanos, story.nanos, story.rate) == (PLANNED, None, None)
    assert story.reason == "No rate from EUR to USD was published yet."


def test_it_is_converted_at_the_last_rate_until_the_cycle_begins(side, foreign):
    import_rates(actor=side.actor(Role.CFO), content=b"Date,USD\n2026-11-06,1.25\n")
    found = standing(side.actor(Role.CFO), foreign)
    (story,) = found.converted
    assert (story.rate, story.rate_day, story.rate_words) == (
        Decimal("1.25"),
        date(2026, 11, 6),
        "1.25",
    )
    assert found.suggested == story.nanos == PLANNED * 5 // 4
    assert found.left_out == []
    with clock.at(datetime(2027, 5, 10, 9, tzinfo=UTC)):
        table = b"Date,USD\n2027-03-30,1.5\n2027-05-03,2\n"
        import_rates(actor=side.actor(Role.CFO), content=table)
        (row,) = standing(side.actor(Role.CFO), foreign).rows
        assert (row.suggested, row.converted[0].rate_day) == (PLANNED * 3 // 2, date(2027, 3, 30))
