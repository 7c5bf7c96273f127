"""Budgets that are filled while demand stands still: an alert, told once, that can be closed."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets.quality import filling_budgets
from apps.common.errors import Forbidden
from apps.ledger.quality import services
from apps.ledger.quality.enums import Kind
from apps.ledger.quality.models import QualityAlert
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
UNIT = 10**9
MONTHS = {8: 800, 9: 900, 10: 970}


@pytest.fixture
def side(world):
    a = world.a
    for role in (Role.CFO, Role.TOKENOPS_LEAD, Role.VIEWER):
        a.person(role)
    a.person(Role.UNIT_LEAD, "core")
    with time_machine.travel(NOW, tick=False), a.scope():
        a.capability = make_capability("Claims", unit_id=a.units["core"].id)
        a.budget = make_budget(
            "Claims",
            scope="capability",
            capability_id=a.capability.id,
            amount_nanos=1_000 * UNIT,
            starts_on=date(2026, 8, 1),
            owner_membership_id=a.person(Role.CFO).membership.id,
        )
        for month, units in MONTHS.items():
            for day in (5, 15):
                cost = units * UNIT // 2
                spend(date(2026, month, day), cost, capability="claims", requests=100)
        yield a


def alerts():
    return QualityAlert.objects.filter(kind=Kind.FILLING)


def test_a_budget_that_is_filled_is_told_once_with_the_page_of_its_figures(side):
    (found,) = filling_budgets()
    assert found.subject == f"{side.budget.id}:2026-10-01"
    services.check()
    services.check()
    row = alerts().get()
    assert (row.title, row.severity, row.state) == (
        "Claims fills its budget while demand stands still",
        "warn",
        "open",
    )
    assert row.detail.startswith("80% → 90% → 97% of its limit over its last 3 whole periods")
    assert row.path == f"/o/acme/inform/trends/?capability={side.capability.id}#h-fill"
    told = Notification.objects.filter(kind="quality.filling")
    assert {n.membership_id for n in told} == {
        side.person(Role.OWNER).membership.id,
        side.person(Role.CFO).membership.id,
        side.person(Role.TOKENOPS_LEAD).membership.id,
        side.person(Role.UNIT_LEAD, "core").membership.id,
    }
    assert TrailEvent.objects.filter(action="quality.opened", object_id=row.id).count() == 1


def test_it_is_closed_by_a_person_for_its_period_and_told_again_of_the_next(side):
    services.check()
    row = alerts().get()
    with pytest.raises(Forbidden):
        services.resolve(
            actor=side.actor(Role.VIEWER), alert_id=row.id, version=row.version, note="Fine."
        )
    assert alerts().get().state == "open"
    services.resolve(
        actor=side.actor(Role.TOKENOPS_LEAD), alert_id=row.id, version=row.version, note="Planned."
    )
    services.check()
    assert alerts().get().state == "resolved"
    with time_machine.travel(datetime(2026, 12, 4, 12, tzinfo=UTC), tick=False):
        for day in (5, 15):
            spend(date(2026, 11, day), 496 * UNIT, capability="claims", requests=100)
        services.check()
        assert list(alerts().order_by("subject").values_list("state", flat=True)) == [
            "resolved",
            "open",
        ]


def test_where_demand_grows_nobody_is_told(side):
    spend(date(2026, 10, 20), UNIT, capability="claims", requests=100)
    assert list(filling_budgets()) == []
    services.check()
    assert alerts().count() == 0


def test_the_alert_leads_to_the_figures(side):
    services.check()
    row = alerts().get()
    viewer = side.client(Role.TOKENOPS_LEAD)
    page = viewer.get(side.url("quality:detail", quality_alert_id=row.id)).content.decode()
    assert f'href="{row.path}"' in page
    figures = viewer.get(row.path).content.decode()
    assert 'id="h-fill"' in figures
    assert "Claims is being filled." in figures
