"""The organization's currency and time zone, once there is usage."""

from datetime import UTC, date, datetime

import pytest

import apps.ledger.tasks  # noqa: F401 -- the outbox handler
from apps.access.roles import Role
from apps.common.errors import Conflict
from apps.ledger.models import LedgerState, RollupAxis
from apps.ledger.services.state import settings
from apps.organizations.services import change_organization
from apps.outbox.services import dispatch
from tests.factories.ledger import take, usage


def change(side, **fields):
    values = {"name": "Acme", "currency": "USD", "timezone": "UTC", "fiscal_year_start": 1}
    actor = side.actor(Role.OWNER)
    with side.scope():
        change_organization(actor=actor, **values | fields)
    dispatch(side.id)


def test_without_usage_the_ledger_takes_over_both(world):
    with world.a.scope():
        assert settings().timezone == "UTC"
    change(world.a, currency="EUR", timezone="Europe/Zurich")
    with world.a.scope():
        state = LedgerState.objects.get()
        assert (state.timezone, state.currency) == ("Europe/Zurich", "EUR")


def test_with_usage_the_days_are_cut_anew(world):
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    with world.a.scope():
        take([usage(occurred_at=late)])
        assert set(RollupAxis.objects.values_list("day", flat=True)) == {date(2026, 11, 3)}
    change(world.a, timezone="Europe/Zurich")
    with world.a.scope():
        assert LedgerState.objects.get().timezone == "Europe/Zurich"
        assert set(RollupAxis.objects.values_list("day", flat=True)) == {date(2026, 11, 4)}


def test_with_usage_the_currency_stays(world):
    with world.a.scope():
        take([usage()])
    with pytest.raises(Conflict) as refused:
        change(world.a, currency="EUR")
    assert refused.value.errors[0].field == "currency"
    with world.a.scope():
        assert settings().currency == "USD"
