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
        UsageIn(occurred_at=AT + timedelta(minutes=i), provider="openai", model="gpt-4o", event_id=str(i),
                input_uncached=1000 + i, output=10, api_key_id=f"k{i % 3}")
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
