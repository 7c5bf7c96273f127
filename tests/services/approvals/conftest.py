"""What the tests of the engine share."""

import pytest

from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from tests.factories.approvals import probe


@pytest.fixture(autouse=True)
def _fresh_probe():
    probe.calls.clear()
    probe.failing, probe.used = False, ""


@pytest.fixture
def people(world):
    """Organization A with a lead who asks and the executives."""
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.CTO, Role.EA, Role.CDO):
        world.a.person(role)
    return world.a


@pytest.fixture
def act(people):
    """`act(service, role, request, **values)` in the scope, on the version that is stored."""

    def run(service, role, request, **values):
        with people.scope():
            version = ApprovalRequest.objects.get(id=request.id).version
            values = {"version": version, **values}
            return service(actor=people.actor(role), request_id=request.id, **values)

    return run
