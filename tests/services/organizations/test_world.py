from apps.access.actors import Binding
from apps.access.roles import ASSIGNABLE, Role
from apps.organizations import selectors


def test_each_organization_has_a_persona_for_every_role(world):
    for side in (world.a, world.b):
        people = side.everyone()
        assert set(people) == set(ASSIGNABLE)
        with side.scope():
            assert {m.user.email for m in selectors.memberships()} == {
                persona.user.email for persona in people.values()
            }


def test_an_actor_carries_its_roles_and_the_units_they_reach(world):
    units = world.a.units
    lead = world.a.actor(Role.UNIT_LEAD)
    assert lead.bindings == (
        Binding(
            Role.UNIT_LEAD,
            units["platform"].id,
            frozenset({units["platform"].id, units["core"].id}),
        ),
    )
    assert world.a.actor(Role.OWNER).bindings == (Binding(Role.OWNER, None, None),)
    assert lead.organization_id == world.a.id
    assert world.b.actor(Role.OWNER).name == "Mallory"


def test_a_key_has_an_actor_limited_to_its_permissions(world):
    actor = world.a.key_actor
    assert actor.kind == "service"
    assert actor.scopes == world.a.key.permissions
