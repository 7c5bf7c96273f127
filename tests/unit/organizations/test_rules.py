from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from apps.access.actors import Actor, Binding
from apps.access.roles import ASSIGNABLE, Role
from apps.organizations import rules
from apps.organizations.enums import InvitationState, KeyState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT, A, B, C, D = (UUID(int=n) for n in range(1, 6))
TREE = {ROOT: None, A: ROOT, B: A, C: B, D: ROOT}


def test_slugs():
    assert rules.slug_problem("acme-2") == ""
    assert rules.slug_problem("a") == ""
    for bad in ("", "-a", "a-", "A", "a_b", "ä", "a" * 51, "a b", "a\n"):
        assert rules.slug_problem(bad), bad
    assert "reserved" in rules.slug_problem("api")


def test_time_zones_and_currencies():
    assert rules.is_timezone("Europe/Zurich")
    assert rules.is_timezone("UTC")
    assert not rules.is_timezone("Mars/Olympus")
    assert {"USD", "EUR", "CHF"} <= rules.CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in rules.CURRENCIES)


def test_the_tree():
    assert rules.subtree(TREE, A) == {A, B, C}
    assert rules.subtree(TREE, D) == {D}
    assert [rules.depth(TREE, node) for node in (ROOT, A, B, C, D)] == [1, 2, 3, 4, 2]
    assert rules.height(TREE, A) == 3
    assert rules.height(TREE, C) == 1


def test_a_cycle_in_stored_rows_is_an_error_and_not_an_endless_loop():
    with pytest.raises(ValueError, match="cycle"):
        rules.depth({A: B, B: A}, A)
    assert rules.subtree({A: B, B: A}, A) == {A, B}


def test_moves():
    assert rules.move_problem(TREE, C, D) == ""
    assert rules.move_problem(TREE, A, C) == "A unit cannot hang below itself."
    assert rules.move_problem(TREE, A, A) == "A unit cannot hang below itself."
    assert rules.move_problem(TREE, ROOT, D) == "The root stays at the top."


def test_the_tree_has_a_depth_limit():
    chain: dict[UUID, UUID | None] = {ROOT: None}
    nodes = [ROOT]
    for number in range(100, 100 + rules.MAX_DEPTH - 1):
        chain[UUID(int=number)] = nodes[-1]
        nodes.append(UUID(int=number))
    chain |= {A: ROOT, B: A}
    assert rules.move_problem(chain, B, nodes[-2]) == ""
    assert "deeper" in rules.move_problem(chain, A, nodes[-2])


def test_states_of_an_invitation():
    def state(**fields):
        values = {"accepted_at": None, "revoked_at": None, "expires_at": NOW + timedelta(1)}
        return rules.invitation_state(**values | fields, at=NOW)

    assert state() is InvitationState.OPEN
    assert state(expires_at=NOW) is InvitationState.EXPIRED
    assert state(revoked_at=NOW) is InvitationState.REVOKED
    assert state(accepted_at=NOW, expires_at=NOW) is InvitationState.ACCEPTED


def test_states_of_a_key():
    later = NOW + timedelta(seconds=1)
    assert rules.key_state(revoked_at=None, expires_at=later, at=NOW) is KeyState.ACTIVE
    assert rules.key_state(revoked_at=None, expires_at=NOW, at=NOW) is KeyState.EXPIRED
    assert rules.key_state(revoked_at=NOW, expires_at=later, at=NOW) is KeyState.REVOKED


def actor(role: Role, units: frozenset[UUID] | None = None) -> Actor:
    unit = None if units is None else min(units)
    return Actor("user", A, "Ada", ROOT, (Binding(role, unit, units),), membership_id=B)


def test_who_may_give_which_role():
    assert all(rules.may_give(actor(Role.OWNER), role, None) for role in ASSIGNABLE)
    assert not rules.may_give(actor(Role.ADMIN), Role.OWNER, None)
    assert rules.may_give(actor(Role.ADMIN), Role.CFO, A)
    lead = actor(Role.UNIT_LEAD, frozenset({A, B}))
    assert rules.may_give(lead, Role.MEMBER, B)
    assert not rules.may_give(lead, Role.MEMBER, D)
    assert not rules.may_give(lead, Role.MEMBER, None)
    assert not rules.may_give(lead, Role.CFO, B)
    assert not rules.may_give(actor(Role.VIEWER), Role.VIEWER, None)


def test_where_roles_are_bound():
    assert rules.binding_problem(Role.MEMBER, A) == ""
    assert rules.binding_problem(Role.OWNER, None) == ""
    assert rules.binding_problem(Role.OWNER, A)
    assert rules.binding_problem(Role.SERVICE, None)
    assert rules.binding_problem(Role.SUPPORT, None)


def test_scopes_of_keys():
    assert rules.scope_problems(["usage.write", "story.view"]) == []
    assert rules.scope_problems(["approval.decide", "root", "usage.write"]) == [
        "approval.decide",
        "root",
    ]
    assert rules.ordered_scopes(["story.view", "usage.write", "story.view"]) == [
        "usage.write",
        "story.view",
    ]
