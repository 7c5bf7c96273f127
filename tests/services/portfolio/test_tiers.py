"""Changing the consumption tiers: who may, on what version, and what is kept."""

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.portfolio import tiers
from apps.portfolio.models import TierCatalogue
from apps.portfolio.selectors import tiers_in_force
from apps.portfolio.services import change_tiers
from apps.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


def lowered():
    document = tiers.dump(tiers.DEFAULT)
    document["tiers"][1]["month_cost_from"] = 100 * 10**9
    return document


def test_an_organization_starts_with_the_default(world):
    with world.a.scope():
        assert tiers_in_force() == (tiers.DEFAULT, 0)


def test_an_architect_changes_them_and_the_trail_knows(world):
    with world.a.scope():
        change_tiers(actor=world.a.actor(Role.EA), version=0, document=lowered(), reason="Lower.")
        found, version = tiers_in_force()
        assert (found.rule("standard").month_cost_from, version) == (100 * 10**9, 1)
        event = TrailEvent.objects.get(action="tiers.changed")
        assert event.reason == "Lower."
        assert event.before["tiers"][1]["month_cost_from"] == 500 * 10**9
        assert event.after == tiers.dump(found)
    with world.b.scope():
        assert tiers_in_force() == (tiers.DEFAULT, 0)


def test_a_stale_version_changes_nothing(world):
    actor = world.a.actor(Role.EA)
    with world.a.scope():
        change_tiers(actor=actor, version=0, document=lowered())
        with pytest.raises(Conflict):
            change_tiers(actor=actor, version=0, document=tiers.dump(tiers.DEFAULT))
        assert tiers_in_force()[0].rule("standard").month_cost_from == 100 * 10**9
        assert TrailEvent.objects.filter(action="tiers.changed").count() == 1


@pytest.mark.parametrize("role", [Role.CFO, Role.UNIT_LEAD, Role.MEMBER, Role.AUDITOR])
def test_others_may_not(world, role):
    actor = world.a.actor(role)
    with world.a.scope():
        with pytest.raises(Forbidden):
            change_tiers(actor=actor, version=0, document=lowered())
        assert not TierCatalogue.objects.exists()


def test_a_wrong_document_writes_nothing(world):
    with world.a.scope():
        with pytest.raises(Invalid):
            change_tiers(actor=world.a.actor(Role.EA), version=0, document={"tiers": []})
        assert not TierCatalogue.objects.exists()
