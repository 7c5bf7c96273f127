"""Getting started: from nothing to the first owned token and the first approved story."""

from types import SimpleNamespace

import pytest

from apps.access.roles import Role
from apps.ledger.query import Coverage
from apps.portal.selectors.setup import setup_steps
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_prices, make_submitted

pytestmark = pytest.mark.django_db
NOTHING = Coverage(None, [])


def left(actor, *, view=None, coverage=NOTHING, has_budget=False):
    found = setup_steps(actor, view=view, coverage=coverage, has_budget=has_budget)
    return [step.title for step in found if not step.done]


def view(share):
    return SimpleNamespace(has_use=True, attributed_share=share)


def test_each_step_is_done_by_what_it_asks_for(world):
    owner = world.a.actor(Role.OWNER)
    assert world.a.units
    with world.a.scope():
        everything = [
            "Invite who decides",
            "Connect one source",
            "See the first tokens",
            "Name what tokens are used for",
            "Say whose use it is",
            "File the first Token Story",
            "Decide about it",
        ]
        assert left(owner) == everything
        world.a.person(Role.CFO)
        assert left(owner) == everything[1:]
        source = Coverage(None, [SimpleNamespace(status="never")])
        assert left(owner, coverage=source) == everything[2:]
        assert left(owner, view=view(0.0), coverage=source) == everything[3:]
        make_capability("Assistant")
        assert left(owner, view=view(0.0), coverage=source) == everything[4:]
        assert left(owner, view=view(0.4), coverage=source) == everything[5:]
        make_prices()
        make_submitted(world.a.actor(Role.UNIT_LEAD), world.a.units["platform"].id)
        assert left(owner, view=view(0.4), coverage=source) == everything[6:]
        assert left(owner, view=view(0.4), coverage=source, has_budget=True) == []


def test_only_who_may_do_some_of_it_for_the_whole_is_asked(world):
    with world.a.scope():
        assert left(world.a.actor(Role.TOKENOPS_ANALYST))
        for role in (Role.UNIT_LEAD, Role.VIEWER, Role.AUDITOR):
            assert left(world.a.actor(role)) == []


def test_a_step_leads_there_or_says_who_does_it(world):
    html = world.a.client(Role.CTO).get(world.a.url("portal:home")).content.decode()
    assert "Connect a source" in html
    assert "Invite people" not in html
    assert "An administrator" in html


def test_readers_are_told_what_comes_first(world):
    html = world.a.client(Role.VIEWER).get(world.a.url("portal:home")).content.decode()
    assert "once an administrator or TokenOps has connected a source" in html


@pytest.mark.parametrize(
    "name",
    ["portal:inform", "portal:explore", "portal:trends", "ledger:records", "ledger:unattributed"],
)
def test_pages_of_use_lead_to_the_first_source(world, name):
    html = world.a.client().get(world.a.url(name)).content.decode()
    assert "No consumption yet" in html
    assert "Connect a source" in html
    reader = world.a.client(Role.VIEWER).get(world.a.url(name)).content.decode()
    assert "Connect a source</a>" not in reader
