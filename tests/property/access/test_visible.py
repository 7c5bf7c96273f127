"""`visible()` shows exactly the rows for which `can()` holds, for any actor and permission."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.access.actors import Actor, Binding
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can, can_anywhere, visible, visible_unit_ids
from apps.organizations import selectors
from apps.organizations.models import ApiKey, Unit
from apps.organizations.services import create_api_key

pytestmark = pytest.mark.django_db

PLACES = (None, "engineering", "platform", "core", "claims")


@pytest.fixture
def rows(world):
    """Keys stand for any object with a unit and an owner."""
    owner = world.a.actor(Role.OWNER)
    units = world.a.units
    with world.a.scope():
        subtrees = {
            name: None if name is None else selectors.unit_subtree_ids(units[name].id)
            for name in PLACES
        }
        for name in PLACES:
            for mine in (True, False):
                key, _ = create_api_key(
                    actor=owner,
                    name=str(name),
                    scopes=["story.view"],
                    unit_id=units[name].id if name else None,
                )
                ApiKey.objects.filter(id=key.id).update(
                    created_by_id=owner.membership_id if mine else uuid4()
                )
        yield owner.membership_id, subtrees, {n: u.id for n, u in units.items()}


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    held=st.lists(st.tuples(st.sampled_from(list(Role)), st.sampled_from(PLACES)), max_size=3),
    permission=st.sampled_from(list(P)),
    scopes=st.none() | st.frozensets(st.sampled_from(list(P)), max_size=20),
)
def test_visible_rows_are_the_allowed_ones(rows, held, permission, scopes):
    mine, subtrees, units = rows
    actor = Actor(
        "user",
        uuid4(),
        "Ada",
        uuid4(),
        tuple(Binding(role, units.get(name), subtrees[name]) for role, name in held),
        membership_id=mine,
        scopes=scopes,
    )
    everything = ApiKey.objects.all()
    shown = visible(actor, everything, permission, owner_field="created_by_id")
    allowed = [
        key.id
        for key in everything
        if can(actor, permission, unit_id=key.unit_id, owner_id=key.created_by_id)
    ]
    assert sorted(key.id for key in shown) == sorted(allowed)
    reached = visible_unit_ids(actor, permission)
    for unit in Unit.objects.all():
        inside = reached is None or unit.id in reached
        assert inside == can(actor, permission, unit_id=unit.id)
    if can(actor, permission, owner_id=mine):
        assert can_anywhere(actor, permission)
