"""What an actor may do follows from role, place and owner alone."""

from uuid import uuid4

import pytest

from apps.access.actors import Actor, Binding
from apps.access.matrix import GRANTS, Scope
from apps.access.permissions import KEY_PERMISSIONS, MEANINGS, PER_UNIT, PLATFORM_PERMISSIONS, P
from apps.access.roles import ASSIGNABLE, GRANTABLE, LABELS, ORGANIZATION_ONLY, PURPOSES, Role
from apps.access.services import can, can_anywhere, require, visible_unit_ids
from apps.common.errors import Forbidden

ORG, UNIT, CHILD, OTHER = uuid4(), uuid4(), uuid4(), uuid4()


def actor(*bindings: Binding, **fields) -> Actor:
    values = {"kind": "user", "id": uuid4(), "name": "Ada", "membership_id": uuid4()} | fields
    return Actor(organization_id=ORG, bindings=bindings, **values)


def at_unit(role: Role) -> Binding:
    return Binding(role, UNIT, frozenset({UNIT, CHILD}))


def test_a_unit_role_reaches_the_unit_and_below_and_nothing_else():
    lead = actor(at_unit(Role.UNIT_LEAD))
    assert can(lead, P.STORY_SUBMIT, unit_id=UNIT)
    assert can(lead, P.STORY_SUBMIT, unit_id=CHILD)
    assert not can(lead, P.STORY_SUBMIT, unit_id=OTHER)


def test_an_object_without_a_unit_is_reached_from_the_organization_only():
    assert not can(actor(at_unit(Role.CFO)), P.BUDGET_MANAGE)
    assert can(actor(Binding(Role.CFO)), P.BUDGET_MANAGE)


def test_reference_data_is_for_every_role_wherever_bound():
    assert can(actor(at_unit(Role.MEMBER)), P.CAPABILITY_VIEW, unit_id=OTHER)
    assert can(actor(at_unit(Role.MEMBER)), P.PRICE_VIEW)


def test_own_needs_the_owner_and_the_place():
    member = actor(at_unit(Role.MEMBER))
    assert can(member, P.STORY_WRITE, unit_id=UNIT, owner_id=member.membership_id)
    assert can(member, P.STORY_WRITE, unit_id=UNIT, owner_id=member.id)
    assert not can(member, P.STORY_WRITE, unit_id=UNIT, owner_id=uuid4())
    assert not can(member, P.STORY_WRITE, unit_id=UNIT)
    assert not can(member, P.STORY_WRITE, unit_id=OTHER, owner_id=member.membership_id)


def test_an_actor_without_an_identity_owns_nothing():
    nobody = actor(Binding(Role.MEMBER), id=None, membership_id=None)
    assert not can(nobody, P.STORY_WRITE, owner_id=None)


def test_the_widest_of_several_bindings_counts():
    both = actor(at_unit(Role.UNIT_LEAD), Binding(Role.VIEWER))
    assert can(both, P.STORY_VIEW, unit_id=OTHER)
    assert not can(both, P.STORY_WRITE, unit_id=OTHER)
    assert can(both, P.STORY_WRITE, unit_id=CHILD)


def test_a_key_never_exceeds_its_scopes():
    key = actor(Binding(Role.SERVICE), kind="service", scopes=frozenset({P.USAGE_WRITE}))
    assert can(key, P.USAGE_WRITE)
    assert not can(key, P.USAGE_VIEW, unit_id=UNIT)
    assert not can_anywhere(key, P.USAGE_VIEW)
    assert not can(key, P.ORG_VIEW)
    assert visible_unit_ids(key, P.USAGE_VIEW) == frozenset()


def test_the_system_may_do_everything():
    system = Actor("system", None, "ledger.fold", ORG)
    assert all(can(system, permission) for permission in P)
    assert visible_unit_ids(system, P.USAGE_VIEW) is None


def test_anywhere_is_for_menus_and_knows_what_has_no_unit():
    lead = actor(at_unit(Role.UNIT_LEAD))
    assert can_anywhere(lead, P.STORY_WRITE)
    assert not can_anywhere(actor(at_unit(Role.CFO)), P.PRICE_MANAGE)
    assert can_anywhere(actor(Binding(Role.CFO)), P.PRICE_MANAGE)
    assert can_anywhere(actor(at_unit(Role.MEMBER)), P.APPROVAL_VIEW)
    assert not can_anywhere(actor(), P.ORG_VIEW)


def test_visible_units():
    assert visible_unit_ids(actor(at_unit(Role.MEMBER)), P.USAGE_VIEW) == {UNIT, CHILD}
    assert visible_unit_ids(actor(Binding(Role.VIEWER)), P.USAGE_VIEW) is None
    assert visible_unit_ids(actor(at_unit(Role.MEMBER)), P.AUDIT_VIEW) == frozenset()
    assert visible_unit_ids(actor(at_unit(Role.MEMBER)), P.STORY_WRITE) == frozenset()


def test_a_refusal_names_the_permission():
    with pytest.raises(Forbidden) as refused:
        require(actor(Binding(Role.VIEWER)), P.STORY_WRITE, unit_id=UNIT)
    assert refused.value.status == 403
    assert refused.value.code == "permission_required"
    assert "story.write" in refused.value.fix


def test_every_role_and_permission_is_described():
    assert set(GRANTS) == set(Role) == set(LABELS) == set(PURPOSES)
    assert set(MEANINGS) == set(P)


def test_the_owner_holds_everything_an_organization_can_give():
    assert set(GRANTS[Role.OWNER]) == set(P) - PLATFORM_PERMISSIONS
    assert set(GRANTS[Role.OWNER].values()) == {Scope.ORG}


def test_platform_permissions_come_with_no_role():
    assert not any(PLATFORM_PERMISSIONS & set(grants) for grants in GRANTS.values())


def test_own_is_granted_for_things_in_units_only():
    for role, grants in GRANTS.items():
        own = {permission for permission, scope in grants.items() if scope is Scope.OWN}
        assert own <= PER_UNIT, role


def test_watchers_change_nothing():
    writing = {p for p in P if not p.value.endswith(".view")}
    assert not writing & set(GRANTS[Role.VIEWER])
    assert not writing & set(GRANTS[Role.SUPPORT])
    assert writing & set(GRANTS[Role.AUDITOR]) == {P.AUDIT_FINDING_WRITE}


def test_administration_decides_nothing_on_money():
    money = {P.APPROVAL_DECIDE, P.BUDGET_MANAGE, P.AUDIT_SIGN, P.PRICE_MANAGE, P.PERIOD_MANAGE}
    assert not money & set(GRANTS[Role.ADMIN])


def test_keys_hold_no_decisions_and_no_rights_over_people():
    never = {
        P.APPROVAL_DECIDE,
        P.AUDIT_SIGN,
        P.ROLE_MANAGE,
        P.APIKEY_MANAGE,
        P.ORG_MANAGE,
        P.PERIOD_MANAGE,
        P.APPROVAL_POLICY_MANAGE,
    }
    assert not never & KEY_PERMISSIONS
    assert set(GRANTS[Role.SERVICE]) == KEY_PERMISSIONS


def test_who_gives_roles_holds_the_permission_and_only_an_owner_makes_an_owner():
    assert {role for role in Role if P.ROLE_MANAGE in GRANTS[role]} == set(GRANTABLE)
    assert [role for role, given in GRANTABLE.items() if Role.OWNER in given] == [Role.OWNER]
    assert GRANTABLE[Role.OWNER] == set(ASSIGNABLE)
    assert not GRANTABLE[Role.UNIT_LEAD] & ORGANIZATION_ONLY


def test_who_gives_a_role_at_a_unit_gives_nothing_beyond_their_own_rights_there():
    """An administrator of the whole organization appoints; a unit lead only passes on."""
    held = set(GRANTS[Role.UNIT_LEAD])
    for role in GRANTABLE[Role.UNIT_LEAD]:
        assert set(GRANTS[role]) <= held, role
