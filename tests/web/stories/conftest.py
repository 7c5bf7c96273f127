"""The same desk as for services, without an open scope: views open their own."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.test import Client

from apps.access.roles import Role
from tests.factories.stories import make_prices
from tests.world import OrganizationWorld, World


@dataclass
class WebDesk:
    org: OrganizationWorld
    unit_id: UUID
    author: Client
    approver: Client


@pytest.fixture
def web(world: World) -> WebDesk:
    """A priced organization, its author and its approver in their browsers."""
    org = world.a
    unit_id = org.units["platform"].id
    with org.scope():
        make_prices()
    return WebDesk(org, unit_id, org.client(Role.UNIT_LEAD), org.client(Role.CFO))
