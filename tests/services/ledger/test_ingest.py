"""Taking usage in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from apps.common.ids import uuid7
from apps.ledger.models import RollupAxis, UsageRecord, UsageRestatement
from apps.ledger.schema import UsageIn
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import ingest
from apps.tenancy.scope import tenant_scope
from tests.factories.organizations import make_organization

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 3, 10, 15, tzinfo=UTC)


def test_first():
    org = make_organization()
    source = uuid7()
    batch = [
        UsageIn(
            occurred_at=AT + timedelta(minutes=i),
            provider="openai",
            model="gpt-4o",
            event_id=str(i),
            input_uncached=1000 + i,
            output=10,
            api_key_id=f"k{i % 3}",
        )
        for i in range(50)
    ]
    with tenant_scope(org.id):
        r = ingest(organization_id=org.id, source_id=source, batch=batch)
        print(r)
        assert r.new == 50
        r = ingest(organization_id=org.id, source_id=source, batch=batch)
        print(r)
        batch[3].output = 4000
        r = ingest(organization_id=org.id, source_id=source, batch=batch)
        print(r)
        v = verify_rollups()
        print(v)
        assert v.ok
        print(RollupAxis.objects.filter(axis=0).values())


def test_q():
    from datetime import date
    from apps.ledger.query import Query, run

    org = make_organization()
    source = uuid7()
    batch = [
        UsageIn(
            occurred_at=AT + timedelta(minutes=i),
            provider="openai",
            model="gpt-4o",
            event_id=str(i),
            input_uncached=1000 + i,
            output=10,
            api_key_id=f"k{i % 3}",
            cost=Decimal("0.5"),
        )
        for i in range(50)
    ]
    with tenant_scope(org.id):
        ingest(organization_id=org.id, source_id=source, batch=batch)
        for g in ("total", "day", "hour", "week", "month", "quarter", "year"):
            print(g, run(Query(start=date(2026, 11, 1), end=date(2026, 12, 1), grain=g)).rows)
        for q in (
            dict(group_by=("model", "api_key")),
            dict(group_by=("unit", "model")),
            dict(group_by=("api_key",)),
            dict(filters={"api_key": ["k1"]}, group_by=("kind",)),
            dict(filters={"confidence": ["none"], "unit": [""]}),
        ):
            r = run(Query(start=date(2026, 11, 1), end=date(2026, 12, 1), **q))
            print(
                q,
                [(x.keys, x.labels, x.cost_nanos) for x in r.rows],
                r.confidence,
                r.total.cost_nanos,
            )
        print(r.coverage, r.data_as_of)
