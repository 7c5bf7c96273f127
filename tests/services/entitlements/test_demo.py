"""The demonstration's tiers and entitlements come about through the services, once."""

import pytest

from apps.access.roles import Role
from apps.asks.models import Ask
from apps.entitlements.models import Entitlement, TierAssignment
from tests.factories.portfolio import make_capability
from tokenops.demo.entitlements import WISHES, ensure_entitlements

pytestmark = pytest.mark.django_db


class Stage:
    """Who and what the demonstration asks for, from the tests' world."""

    def __init__(self, side):
        self._side = side
        self.units = {"CLM": side.units["platform"].id}
        self.capabilities = {w.capability: make_capability(w.capability).id for w in WISHES}

    def role(self, role):
        return self._side.actor(role)


def test_twice_is_once(desk):
    desk.org.person(Role.CTO)
    with desk.org.scope():
        stage = Stage(desk.org)
        for _ in range(2):
            ensure_entitlements(stage)
        assert [(a.title, a.status) for a in Ask.objects.order_by("number")] == [
            (w.title, "approved" if w.granted else "asked") for w in WISHES
        ]
        assert [(e.gives, e.context_tokens) for e in Entitlement.objects.order_by("number")] == [
            ("context", 400_000),
            ("premium", None),
        ]
        assert TierAssignment.objects.count() == 1
