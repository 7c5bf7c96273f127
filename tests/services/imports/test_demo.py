"""The demonstration's bill is checked, explained and left to a person."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.connectors.imports.models import ImportJob
from tests.factories.pricing import load_prices
from tokenops.demo.exports import ensure_export

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Demo:
    """As much of the demonstration as the bill needs."""

    world: object

    def role(self, role: Role):
        return self.world.a.actor(role)


def test_the_bill_waits_checked_and_is_made_once(world):
    load_prices()
    with time_machine.travel(NOW), world.a.scope():
        ensure_export(Demo(world), NOW)
        ensure_export(Demo(world), NOW)
        job = ImportJob.objects.get()
        assert (job.status, job.accepted, job.bill_rows, job.refused) == ("checked", 42, 16, 0)
        assert job.bill["reasons"] == {"category": 2, "unit": 14}
        assert {row["model"] for row in job.preview} == {"gpt-4o-1120"}
