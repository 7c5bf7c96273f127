import pytest

from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations import selectors, services
from apps.organizations.models import RoleBinding
from apps.trail.models import TrailEvent


def bind(side, giver: Role, person, role, unit: str | None = None):
    return services.bind_role(
        actor=side.actor(giver),
        membership_id=person.membership.id,
        role=role,
        unit_id=side.units[unit].id if unit else None,
    )


def binding_of(person, role: Role) -> RoleBinding:
    return RoleBinding.objects.get(membership_id=person.membership.id, role=role.value)


def test_a_given_role_counts_at_once(world):
    member = world.a.person(Role.MEMBER)
    with world.a.scope():
        assert not can(member.actor, P.BUDGET_MANAGE, unit_id=world.a.units["apps"].id)
        bind(world.a, Role.ADMIN, member, Role.CFO, "engineering")
        assert can(member.actor, P.BUDGET_MANAGE, unit_id=world.a.units["apps"].id)
        assert not can(member.actor, P.BUDGET_MANAGE, unit_id=world.a.units["claims"].id)
        event = TrailEvent.objects.latest("id")
        assert (event.action, event.after) == (
            "role.given",
            {"role": "cfo", "unit": "Engineering"},
        )


@pytest.mark.parametrize(
    ("giver", "role", "unit"),
    [
        (Role.ADMIN, Role.OWNER, None),
        (Role.CIO, Role.OWNER, None),
        (Role.UNIT_LEAD, Role.CFO, "platform"),
        (Role.UNIT_LEAD, Role.MEMBER, "claims"),
        (Role.UNIT_LEAD, Role.MEMBER, None),
        (Role.CFO, Role.MEMBER, "platform"),
        (Role.VIEWER, Role.VIEWER, None),
        (Role.AUDITOR, Role.AUDITOR, None),
    ],
)
def test_roles_that_may_not_be_given(world, giver, role, unit):
    person, units = world.a.person(Role.EA), world.a.units
    actor = world.a.actor(giver)
    with world.a.scope():
        before = RoleBinding.objects.count(), TrailEvent.objects.count()
        with pytest.raises(Forbidden):
            services.bind_role(
                actor=actor,
                membership_id=person.membership.id,
                role=role,
                unit_id=units[unit].id if unit else None,
            )
        assert (RoleBinding.objects.count(), TrailEvent.objects.count()) == before


def test_a_unit_lead_passes_on_what_the_unit_needs(world):
    member = world.a.person(Role.MEMBER)
    with world.a.scope():
        bind(world.a, Role.UNIT_LEAD, member, Role.UNIT_LEAD, "core")
        assert can(member.actor, P.STORY_SUBMIT, unit_id=world.a.units["core"].id)


def test_nobody_raises_themself(world):
    admin = world.a.person(Role.ADMIN)
    with world.a.scope():
        with pytest.raises(Forbidden, match="your own roles"):
            bind(world.a, Role.ADMIN, admin, Role.CFO)
        with pytest.raises(Forbidden, match="your own roles"):
            services.unbind_role(actor=admin.actor, binding_id=binding_of(admin, Role.ADMIN).id)


def test_an_owner_may_hold_further_roles(world):
    owner = world.a.person(Role.OWNER)
    with world.a.scope():
        bind(world.a, Role.OWNER, owner, Role.CFO)
        assert selectors.people_with_role(Role.CFO) == [owner.membership]


@pytest.mark.parametrize(
    ("role", "unit"),
    [(Role.SERVICE, None), (Role.SUPPORT, None), (Role.OWNER, "core"), ("x", None)],
)
def test_roles_that_cannot_be_bound(world, role, unit):
    with world.a.scope(), pytest.raises(Invalid) as refused:
        bind(world.a, Role.OWNER, world.a.person(Role.EA), role, unit)
    assert refused.value.errors[0].field == "role"


def test_the_same_role_twice_is_a_conflict(world):
    with world.a.scope(), pytest.raises(Conflict, match="already"):
        bind(world.a, Role.OWNER, world.a.person(Role.EA), Role.EA)


def test_people_units_and_bindings_of_another_organization_are_not_there(world):
    foreign = world.b.person(Role.MEMBER)
    with world.b.scope():
        foreign_binding = binding_of(foreign, Role.MEMBER).id
    owner = world.a.actor(Role.OWNER)
    with world.a.scope():
        with pytest.raises(NotFound):
            bind(world.a, Role.OWNER, foreign, Role.VIEWER)
        with pytest.raises(NotFound):
            services.unbind_role(actor=owner, binding_id=foreign_binding)
        with pytest.raises(NotFound):
            services.suspend_person(actor=owner, membership_id=foreign.membership.id)
        with pytest.raises(NotFound):
            services.bind_role(
                actor=owner,
                membership_id=world.a.person(Role.EA).membership.id,
                role=Role.VIEWER,
                unit_id=world.b.units["core"].id,
            )


def test_the_last_owner_stays(world):
    owner = world.a.person(Role.OWNER)
    with world.a.scope():
        with pytest.raises(Conflict, match="only owner"):
            services.unbind_role(actor=owner.actor, binding_id=binding_of(owner, Role.OWNER).id)
        second = world.a.person(Role.EA)
        bind(world.a, Role.OWNER, second, Role.OWNER)
        services.unbind_role(actor=owner.actor, binding_id=binding_of(owner, Role.OWNER).id)
        assert [m.id for m in selectors.owners()] == [second.membership.id]
        with pytest.raises(Conflict, match="only owner"):
            services.unbind_role(actor=second.actor, binding_id=binding_of(second, Role.OWNER).id)


def test_a_suspended_owner_does_not_count_as_one(world):
    owner, second = world.a.person(Role.OWNER), world.a.person(Role.EA)
    with world.a.scope():
        bind(world.a, Role.OWNER, second, Role.OWNER)
        services.suspend_person(actor=owner.actor, membership_id=second.membership.id)
        with pytest.raises(Conflict, match="only owner"):
            services.unbind_role(actor=owner.actor, binding_id=binding_of(owner, Role.OWNER).id)


def test_suspended_people_are_out_and_come_back_with_their_roles(world):
    cfo, admin = world.a.person(Role.CFO), world.a.actor(Role.ADMIN)
    client = cfo.client()
    with world.a.scope():
        services.suspend_person(actor=admin, membership_id=cfo.membership.id, reason="Left")
        assert selectors.people_with_role(Role.CFO) == []
        assert selectors.actor_for_user(cfo.user) is None
        with pytest.raises(Conflict, match="suspended"):
            bind(world.a, Role.ADMIN, cfo, Role.EA)
    assert client.get(f"/o/{world.a.slug}/").status_code == 404
    with world.a.scope():
        services.restore_person(actor=admin, membership_id=cfo.membership.id)
        assert cfo.actor.roles == {Role.CFO}
        assert list(
            TrailEvent.objects.filter(action__startswith="person.", reason="Left").values_list(
                "action", flat=True
            )
        ) == ["person.suspended"]


@pytest.mark.parametrize(
    ("by", "whom"),
    [
        (Role.ADMIN, Role.OWNER),
        (Role.UNIT_LEAD, Role.CFO),
        (Role.UNIT_LEAD, Role.VIEWER),
        (Role.VIEWER, Role.MEMBER),
        (Role.CIO, Role.CIO),
    ],
)
def test_people_who_cannot_be_suspended(world, by, whom):
    person, actor = world.a.person(whom), world.a.actor(by)
    with world.a.scope():
        with pytest.raises(Forbidden):
            services.suspend_person(actor=actor, membership_id=person.membership.id)
        assert selectors.membership_by_id(person.membership.id).is_active


def test_who_decides_for_a_unit(world):
    at_unit = world.a.person(Role.CTO, "engineering")
    everywhere = world.a.person(Role.CTO)
    with world.a.scope():
        units = world.a.units
        both = {at_unit.membership, everywhere.membership}
        assert set(selectors.people_with_role(Role.CTO, units["core"].id)) == both
        assert selectors.people_with_role(Role.CTO, units["claims"].id) == [everywhere.membership]
        assert selectors.people_with_role(Role.CTO) == [everywhere.membership]


def test_a_unit_lead_sees_the_people_of_the_unit(world):
    lead, member = world.a.person(Role.UNIT_LEAD), world.a.person(Role.MEMBER, "core")
    world.a.person(Role.CFO)
    world.a.person(Role.MEMBER, "claims")
    with world.a.scope():
        assert set(selectors.people(lead.actor)) == {lead.membership, member.membership}
        assert len(selectors.people(world.a.actor(Role.AUDITOR))) == 6
