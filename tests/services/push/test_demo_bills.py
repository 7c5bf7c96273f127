"""The demonstration's gateway and bill: compared from three sides, counted once, seeded once."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from apps.access.roles import Role
from apps.connectors.models import ComparisonUsage, ProviderCost, Source
from apps.connectors.reconciliation import selectors
from apps.ledger.models import UsageRecord
from tests.factories.pricing import load_prices
from tokenops.demo.bills import BILL, ensure_bill, push_gateway
from tokenops.demo.telemetry import push_telemetry

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_google_is_measured_seen_and_billed_without_being_added(world):
    load_prices()
    owner = world.a.person(Role.OWNER).actor
    demo = SimpleNamespace(
        organization=world.a.organization,
        units={"PLT": world.a.units["platform"].id, "DVX": world.a.units["core"].id},
        role=lambda role: owner,
        lead_of=lambda team: owner,
    )
    with time_machine.travel(NOW, tick=False):
        push_telemetry(demo, NOW)
        with world.a.scope():
            records = UsageRecord.objects.count()
        for _ in range(2):
            push_gateway(demo, NOW)
            with world.a.scope():
                ensure_bill(demo, NOW)
        with world.a.scope():
            assert UsageRecord.objects.count() == records
            assert Source.objects.get(kind="litellm_push").is_compared
            assert ComparisonUsage.objects.count() == 14
            found = selectors.reconcile(
                owner, NOW.date() - timedelta(days=9), NOW.date(), by="provider"
            )
            (line,) = [line for line in found.lines if line.provider == "google"]
            parts = dict(line.side.parts)
            assert sum(parts.values()) == line.side.bill_gap
            assert {"tax", "credit", "units", "unmeasured"} <= set(parts)
            assert parts["unmeasured"] == 2_750_000_000
            assert 0.7 < line.side.compared_tokens / line.side.measured_tokens < 0.83
            days = selectors.reconcile(owner, NOW.date() - timedelta(days=9), NOW.date())
            kept = ProviderCost.objects.filter(source__name="Google Cloud billing")
            assert sum(kept.values_list("amount_nanos", flat=True)) == days.total.billed_nanos
            assert BILL.endswith(".csv")
