"""Changing attribution rules, and what they then decide."""

from datetime import date, timedelta

import pytest

from apps.access.roles import Role
from apps.attribution import ports, selectors, services
from apps.attribution.enums import Confidence
from apps.attribution.models import AttributionRule
from apps.attribution.moves import Spend
from apps.attribution.rules import Dimensions, Owner
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.common.ids import uuid7
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.attribution import make_rule, when
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def ask(**dims):
    return selectors.rule_set().attribute(Dimensions(**dims), DAY)


@pytest.fixture
def stories(monkeypatch):
    """Story numbers as the stories app would answer them."""
    known: dict[str, Owner] = {}
    monkeypatch.setattr(ports, "_story_finder", known.get)
    return known


def test_the_first_matching_rule_decides_the_owner(world):
    with world.a.scope():
        apps, claims = world.a.units["apps"], world.a.units["claims"]
        make_rule(when("api_key", "support-bot"), unit_id=apps.id)
        make_rule(when("provider", "openai"), unit_id=claims.id)
        assert ask(provider="openai", api_key="Support-Bot").unit_id == apps.id
        found = ask(provider="OpenAI", api_key="other")
        assert (found.unit_id, found.confidence) == (claims.id, Confidence.RULE)
        assert ask(provider="anthropic").confidence == Confidence.NONE


def test_a_capability_brings_its_unit(world):
    with world.a.scope():
        capability = make_capability(unit_id=world.a.units["claims"].id)
        make_rule(when("project", "p1"), capability_id=capability.id)
        found = ask(project_id="P1")
        assert (found.unit_id, found.capability_id) == (world.a.units["claims"].id, capability.id)


def test_what_the_caller_states_comes_before_rules(world):
    with world.a.scope():
        capability = make_capability(unit_id=world.a.units["claims"].id)
        make_rule(unit_id=world.a.units["apps"].id)
        found = ask(capability=capability.slug.upper(), phase="testing")
        assert found.capability_id == capability.id
        assert (found.confidence, found.phase) == (Confidence.DIRECT, "testing")
        assert ask(unit="no-such-code").unit_id == world.a.units["apps"].id


def test_a_story_brings_capability_and_unit(world, stories):
    with world.a.scope():
        owner = Owner(world.a.units["apps"].id, None, uuid7())
        stories["TS-0001"] = owner
        make_rule(when("tag", "ts-1", tag="story"), story="TS-0001", phase="")
        assert ask(tags={"story": "TS-1"}).owner == owner
        assert ask(story="TS-0001").confidence == Confidence.DIRECT
        with pytest.raises(Invalid):
            make_rule(story="TS-9999")


def test_rules_are_the_organizations_own(world):
    with world.a.scope():
        make_rule(unit_id=world.a.units["apps"].id)
    with world.b.scope():
        assert ask().confidence == Confidence.NONE
        with pytest.raises(Invalid):
            make_rule(unit_id=world.a.units["apps"].id)


def test_a_change_is_seen_at_once_and_announced(world):
    with world.a.scope():
        rule = make_rule(unit_id=world.a.units["apps"].id)
        before = selectors.rule_set()
        assert selectors.rule_set() is before
        draft = services.RuleDraft("Renamed", unit_id=world.a.units["claims"].id)
        services.change_rule(
            actor=world.a.actor(Role.OWNER), rule_id=rule.id, version=1, draft=draft
        )
        assert ask().unit_id == world.a.units["claims"].id
        messages = OutboxMessage.objects.filter(topic="attribution.changed")
        assert [m.payload["version"] for m in messages.order_by("id")] == [1, 2]
        event = TrailEvent.objects.get(action="attribution.rule_changed")
        assert event.before["unit"] != event.after["unit"]


def test_a_stale_change_is_a_conflict_and_writes_nothing(world):
    with world.a.scope():
        rule = make_rule(name="First")
        actor = world.a.actor(Role.OWNER)
        draft = services.RuleDraft("Second", phase="testing")
        services.change_rule(actor=actor, rule_id=rule.id, version=1, draft=draft)
        with pytest.raises(Conflict):
            services.change_rule(actor=actor, rule_id=rule.id, version=1, draft=draft)
        assert selectors.rule(rule.id).version == 2
        assert selectors.rules_version() == 2


def test_positions_stay_whole_whatever_moves(world):
    with world.a.scope():
        actor = world.a.actor(Role.OWNER)
        a, b, c = make_rule(name="a"), make_rule(name="b"), make_rule(name="c")
        first = make_rule(name="first", position=1)
        services.move_rule(actor=actor, rule_id=c.id, position=2)
        services.retire_rule(actor=actor, rule_id=a.id, version=1)
        rows = list(selectors.active_rules())
        assert [row.name for row in rows] == ["first", "c", "b"]
        assert [row.position for row in rows] == [1, 2, 3]
        with pytest.raises(Conflict):
            services.reorder_rules(actor=actor, rule_ids=[first.id, b.id])
        with pytest.raises(Conflict):
            services.move_rule(actor=actor, rule_id=a.id, position=1)


def test_a_retired_rule_decides_nothing(world):
    with world.a.scope():
        rule = make_rule(unit_id=world.a.units["apps"].id)
        services.retire_rule(
            actor=world.a.actor(Role.OWNER), rule_id=rule.id, version=1, reason="wrong"
        )
        assert ask().confidence == Confidence.NONE
        assert TrailEvent.objects.get(action="attribution.rule_retired").reason == "wrong"


def test_only_who_manages_attribution_may_change_it(world):
    with world.a.scope():
        with pytest.raises(Forbidden):
            services.create_rule(
                actor=world.a.actor(Role.VIEWER),
                draft=services.RuleDraft("x", phase="testing"),
            )
        assert not AttributionRule.objects.exists()
        rule = make_rule()
    with world.b.scope(), pytest.raises(NotFound):
        services.retire_rule(actor=world.b.actor(Role.OWNER), rule_id=rule.id, version=1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"phase": ""}, "unit"),
        ({"phase": "sometime"}, "phase"),
        ({"confidence": "direct"}, "confidence"),
        ({"starts_on": DAY, "ends_on": DAY}, "ends_on"),
        ({"capability_id": uuid7()}, "capability"),
    ],
)
def test_a_wrong_rule_is_refused_by_field(world, fields, field):
    with world.a.scope(), pytest.raises(Invalid) as refused:
        make_rule(**fields)
    assert field in [error.field for error in refused.value.errors]


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "colour", "operator": "equals", "values": ["a"]},
        {"field": "model", "operator": "like", "values": ["a"]},
        {"field": "model", "operator": "equals", "values": []},
        {"field": "model", "operator": "prefix", "values": ["a", "b"]},
        {"field": "tag", "operator": "equals", "values": ["a"]},
        {"field": "model", "operator": "equals", "values": [1]},
        "model=a",
    ],
)
def test_a_wrong_condition_is_refused(world, condition):
    with world.a.scope(), pytest.raises(Invalid) as refused:
        make_rule(condition)
    assert refused.value.errors[0].field == "conditions"


def test_a_preview_says_what_would_move_and_writes_nothing(world, monkeypatch):
    with world.a.scope():
        actor = world.a.actor(Role.OWNER)
        apps, claims = world.a.units["apps"], world.a.units["claims"]
        make_rule(when("project", "p1"), unit_id=apps.id, phase="")
        today = clock.today()
        usage = [
            Spend(Dimensions(project="p1"), today, 100, 1, 5_000),
            Spend(Dimensions(project="p2"), today, 50, 1, None),
            Spend(Dimensions(project="p3"), today - timedelta(days=1), 7, 1, 70),
        ]
        monkeypatch.setattr(ports, "_usage_reader", lambda start, end: iter(usage))
        draft = services.RuleDraft(
            "Claims",
            conditions=[{"field": "project", "operator": "in", "values": ["p1", "p2"]}],
            unit_id=claims.id,
        )
        last = services.proposed_rules(actor=actor, draft=draft)
        found = selectors.preview_change(last)
        assert [(m.before.unit_id, m.after.unit_id, m.tokens) for m in found.moves] == [
            (None, claims.id, 50)
        ]
        first = services.proposed_rules(actor=actor, draft=draft, position=1)
        moved = selectors.preview_change(first)
        assert (moved.moved_tokens, moved.moved_cost_nanos) == (150, 5_000)
        assert moved.kept_tokens == 7
        assert selectors.rules_version() == 1
